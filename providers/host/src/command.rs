//! Runs programs: each in a process group of its own that ends when nobody waits for it any more.

use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::Answer;
use drctl_core::value::Value;
use rustix::process::{Pid, Signal};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

use crate::around::{Around, error};
use crate::output::{MAX_BYTES, Secrets, Tail, harmless, last_lines};

/// How much is read at once.
const CHUNK_BYTES: usize = 16 << 10;

/// The same of what is handed on: as much as stands in a pipe.
const STREAM_BYTES: usize = 64 << 10;

/// A program and its arguments.
pub(crate) struct Program<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
    doing: String,
}

impl<'a> Program<'a> {
    /// Of words, which no shell sees.
    pub(crate) fn words(words: &'a [String]) -> Program<'a> {
        let mut words = words.iter().map(String::as_str);
        let name = words.next().unwrap_or("");
        let doing = harmless(&format!("running `{name}`"), &Secrets::default());
        Program { name, arguments: words.collect(), doing }
    }

    /// Of a line for `sh`, which is no option of it whatever it begins with.
    pub(crate) fn line(line: &'a str) -> Program<'a> {
        let doing = "running a line of shell".to_owned();
        Program { name: "sh", arguments: vec!["-c", "--", line], doing }
    }

    /// What is being done, for errors.
    pub(crate) fn doing(&self) -> &str {
        &self.doing
    }
}

/// Kills the whole group when dropped, unless its leader has ended: then nobody else may have its number.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may be gone already, which is what is wanted.
            let _ = rustix::process::kill_process_group(leader, Signal::KILL);
        }
    }
}

/// What a program has written.
#[derive(Default)]
struct Heard {
    /// All of it, as it arrived.
    all: Tail,
    /// Its output, without its complaints.
    out: Tail,
    /// Its complaints alone.
    complaints: Tail,
}

impl Heard {
    fn out(&mut self, bytes: &[u8]) {
        self.all.push(bytes);
        self.out.push(bytes);
    }

    fn complaint(&mut self, bytes: &[u8]) {
        self.all.push(bytes);
        self.complaints.push(bytes);
    }
}

/// Runs the program to its end. Dropping the future ends the program and all that it has started and that
/// has not left its group. What it leaves running when it ends by itself goes on.
pub(crate) async fn run(program: &Program<'_>, around: &Around) -> Result<Answer, ProviderError> {
    let secrets = &around.secrets;
    let (heard, status) = carry_out(program, around).await?;
    let said = harmless(&heard.all.without(secrets), secrets);
    failed(program, around, status, &said)?;
    let body = heard.out.without(secrets);
    let value = Value::Object([("status".into(), Value::from(0)), ("body".into(), body.into())].into());
    Ok(Answer { said, value })
}

/// Runs the program for what it prints, which is a secret: as it is, and shown nowhere.
pub(crate) async fn printed(program: &Program<'_>, around: &Around) -> Result<Vec<u8>, ProviderError> {
    let (heard, status) = carry_out(program, around).await?;
    let out = heard.out.whole();
    let mut secrets = around.secrets.clone();
    // It may complain about what it has printed.
    secrets.add(&String::from_utf8_lossy(&out));
    let complaints = harmless(&heard.complaints.without(&secrets), &secrets);
    failed(program, around, status, &complaints)?;
    Ok(out)
}

/// An error with the last lines of what was said, unless it ended well.
fn failed(
    program: &Program<'_>,
    around: &Around,
    status: ExitStatus,
    said: &str,
) -> Result<(), ProviderError> {
    let Some(how) = bad_end(status) else { return Ok(()) };
    let message = format!("it failed{}", last_lines(said));
    let doing = around.secrets.hide(program.doing());
    Err(ProviderError { code: Some(how), ..error(&doing, ErrorClass::Failed, message) })
}

/// Runs the program to its end and hands on what it prints, as fast as that is taken. What it prints may end only
/// with it: it has ended well when this has. Dropping the future, or refusing to take more, ends the program.
pub(crate) async fn streamed(
    program: &Program<'_>,
    around: &Around,
    mut take: impl AsyncFnMut(&[u8]) -> Result<(), ProviderError>,
) -> Result<(), ProviderError> {
    let doing = around.secrets.hide(program.doing());
    let broken = |e: std::io::Error| error(&doing, ErrorClass::Failed, e.to_string());
    let Started { mut child, mut group, pipes } = start(program, around)?;
    let [mut out, mut complaints] = receivers(pipes).map_err(broken)?;
    let mut heard = Heard::default();
    let status = {
        let mut told = std::pin::pin!(complain(&mut complaints, &mut heard));
        let mut printed = std::pin::pin!(async {
            let mut bytes = vec![0; STREAM_BYTES];
            loop {
                match out.read(&mut bytes).await.map_err(broken)? {
                    0 => return Ok(()),
                    n => take(&bytes[..n]).await?,
                }
            }
        });
        tokio::select! {
            printed = &mut printed => printed?,
            never = &mut told => match never {},
        }
        tokio::select! {
            status = child.wait() => status.map_err(broken)?,
            never = &mut told => match never {},
        }
    };
    group.0 = None;
    rest(&complaints, |bytes| heard.complaint(bytes));
    let said = harmless(&heard.complaints.without(&around.secrets), &around.secrets);
    failed(program, around, status, &said)
}

/// Hears complaints for as long as anybody waits.
async fn complain(complaints: &mut Receiver, heard: &mut Heard) -> std::convert::Infallible {
    let mut bytes = vec![0; CHUNK_BYTES];
    while let Ok(n @ 1..) = complaints.read(&mut bytes).await {
        heard.complaint(&bytes[..n]);
    }
    std::future::pending().await
}

/// A program that runs.
struct Started {
    child: Child,
    group: Group,
    /// What it prints, and its complaints.
    pipes: [PipeReader; 2],
}

fn start(program: &Program<'_>, around: &Around) -> Result<Started, ProviderError> {
    let doing = &around.secrets.hide(program.doing());
    if program.name.is_empty() {
        return Err(error(doing, ErrorClass::Rejected, "there is no program to run".to_owned()));
    }
    let broken = |e: std::io::Error| error(doing, ErrorClass::Failed, e.to_string());
    let (out, out_end) = std::io::pipe().map_err(broken)?;
    let (complaints, complaints_end) = std::io::pipe().map_err(broken)?;
    let mut command = Command::new(program.name);
    command
        .args(&program.arguments)
        .current_dir(&around.dir)
        .env_clear()
        .envs(&around.variables)
        .stdin(Stdio::null())
        .stdout(out_end)
        .stderr(complaints_end)
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn();
    // With it go the ends that are written to; a pipe has an end only when the child's are the last.
    drop(command);
    let child = child.map_err(|e| not_started(program, around, &e))?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    Ok(Started { child, group, pipes: [out, complaints] })
}

fn receivers(pipes: [PipeReader; 2]) -> std::io::Result<[Receiver; 2]> {
    let [out, complaints] = pipes.map(|pipe| Receiver::from_owned_fd(OwnedFd::from(pipe)));
    Ok([out?, complaints?])
}

async fn carry_out(program: &Program<'_>, around: &Around) -> Result<(Heard, ExitStatus), ProviderError> {
    let doing = around.secrets.hide(program.doing());
    let mut heard = Heard::default();
    let Started { mut child, mut group, pipes } = start(program, around)?;
    let status = listen(&mut child, pipes, &mut heard).await;
    let status = status.map_err(|e| error(&doing, ErrorClass::Failed, e.to_string()))?;
    group.0 = None;
    Ok((heard, status))
}

/// Reads what the child writes until it ends.
async fn listen(child: &mut Child, pipes: [PipeReader; 2], heard: &mut Heard) -> std::io::Result<ExitStatus> {
    let [mut out, mut complaints] = receivers(pipes)?;
    let (mut from_out, mut from_complaints) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    let (mut out_open, mut complaints_open) = (true, true);
    let status = loop {
        tokio::select! {
            // Of what arrives at once, complaints come last: they say why it ended.
            biased;
            status = child.wait() => break status?,
            read = out.read(&mut from_out), if out_open => {
                match read? {
                    0 => out_open = false,
                    n => heard.out(&from_out[..n]),
                }
                // Whoever writes without end keeps nobody from complaining.
                if let Ok(n @ 1..) = complaints.try_read(&mut from_complaints) {
                    heard.complaint(&from_complaints[..n]);
                }
            }
            read = complaints.read(&mut from_complaints), if complaints_open => match read? {
                0 => complaints_open = false,
                n => heard.complaint(&from_complaints[..n]),
            },
        }
    };
    // What it wrote last still stands in the pipes. They need not have an end: what it left running may
    // hold them open, and is not waited for.
    rest(&out, |bytes| heard.out(bytes));
    rest(&complaints, |bytes| heard.complaint(bytes));
    Ok(status)
}

/// What stands in the pipe now.
fn rest(pipe: &Receiver, mut take: impl FnMut(&[u8])) {
    let mut bytes = vec![0; CHUNK_BYTES];
    // No pipe holds more than this; somebody who goes on writing is not read for ever.
    for _ in 0..MAX_BYTES / CHUNK_BYTES {
        match rustix::io::read(pipe, &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(n) => take(&bytes[..n]),
        }
    }
}

/// How it ended, unless well.
fn bad_end(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit {code}")),
        (None, Some(signal)) => Some(format!("signal {signal}")),
        (None, None) => Some(status.to_string()),
    }
}

fn not_started(program: &Program<'_>, around: &Around, why: &std::io::Error) -> ProviderError {
    use std::io::ErrorKind;
    let (class, message) = match why.kind() {
        ErrorKind::NotFound if program.name.contains('/') => {
            (ErrorClass::NotFound, format!("there is no such program in `{}`", around.dir.display()))
        }
        ErrorKind::NotFound => (ErrorClass::NotFound, "no program of that name is on the PATH".to_owned()),
        ErrorKind::PermissionDenied => (ErrorClass::Denied, "it may not be executed".to_owned()),
        ErrorKind::InvalidInput => (
            ErrorClass::Rejected,
            "a word or a variable holds a zero byte, which no program can be given".into(),
        ),
        ErrorKind::ArgumentListTooLong => {
            (ErrorClass::Rejected, "its words and variables are too long".to_owned())
        }
        _ => (ErrorClass::Failed, why.to_string()),
    };
    error(&around.secrets.hide(program.doing()), class, around.secrets.hide(&message))
}
