//! The one place that prints: data goes to standard output, everything else to standard error. A
//! reader that went away is not an error.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use drctl_core::json::write_indented;
use serde::Serialize;

use crate::render::palette::{Charset, Colours, Look};
use crate::render::text::harmless;

/// The form in which a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How the results of checks are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people at a terminal
    Text,
    /// For programs; the same as `--json`
    Json,
    /// For a CI system
    Junit,
}

impl CheckFormat {
    /// What is asked for, when `--json` is as well.
    pub(crate) fn or(self, format: Format) -> CheckFormat {
        if format == Format::Json { CheckFormat::Json } else { self }
    }
}

/// Where output goes and how it looks.
pub(crate) struct Ui {
    out: Stream,
    err: Stream,
    /// The environment variables that are text.
    pub(crate) env: BTreeMap<String, String>,
    /// Whether a person sits at standard input and error, to be asked.
    pub(crate) interactive: bool,
    /// The form asked for.
    pub(crate) format: Format,
}

/// One output stream; clones write to the same one.
#[derive(Clone)]
pub(crate) struct Stream {
    target: Arc<Mutex<Target>>,
    look: Look,
    terminal: bool,
}

struct Target {
    writer: Box<dyn Write + Send>,
    gone: bool,
}

impl Stream {
    fn new(writer: Box<dyn Write + Send>, terminal: bool, look: Look) -> Stream {
        Stream { target: Arc::new(Mutex::new(Target { writer, gone: false })), look, terminal }
    }

    /// Writes all of it. When the reader has gone away, this and all that follows is dropped.
    pub(crate) fn print(&self, text: &str) -> io::Result<()> {
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        if target.gone {
            return Ok(());
        }
        match target.writer.write_all(harmless(text).as_bytes()).and_then(|()| target.writer.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                target.gone = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// How many bytes are gathered before they are written.
const PIECE: usize = 1 << 16;

/// Text on its way to a stream.
struct Pieces<'s> {
    stream: &'s Stream,
    held: Vec<u8>,
}

impl Write for Pieces<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    /// As [`Write::write`], which takes all: JSON is written in very many pieces of a few bytes.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(|_all| ())
    }

    /// Writes what is held, but for the beginning of a character that is not whole yet.
    fn flush(&mut self) -> io::Result<()> {
        let text = str::from_utf8(&self.held).or_else(|e| str::from_utf8(&self.held[..e.valid_up_to()]));
        let text = text.expect("it is text up to there");
        self.stream.print(text)?;
        let written = text.len();
        self.held.drain(..written);
        Ok(())
    }
}

impl Ui {
    /// The process's own streams.
    pub(crate) fn new(env: BTreeMap<String, String>) -> Ui {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let out_terminal = stdout.is_terminal();
        let err_terminal = stderr.is_terminal();
        let colours = |choice| match choice {
            anstream::ColorChoice::Never => Colours::Plain,
            _ => Colours::Ansi,
        };
        let out_look = look(&env, out_terminal, colours(anstream::AutoStream::choice(&stdout)));
        let err_look = look(&env, err_terminal, colours(anstream::AutoStream::choice(&stderr)));
        let input = env.get("DRCTL_INPUT").is_none_or(|v| v != "0" && v != "false");
        Ui {
            out: Stream::new(Box::new(stdout), out_terminal, out_look),
            err: Stream::new(Box::new(stderr), err_terminal, err_look),
            interactive: input && io::stdin().is_terminal() && err_terminal,
            env,
            format: Format::Text,
        }
    }

    /// Switches colours off, for `--no-color`.
    pub(crate) fn without_colours(&mut self) {
        self.out.look.colours = Colours::Plain;
        self.err.look.colours = Colours::Plain;
    }

    /// How standard output looks.
    pub(crate) fn look(&self) -> Look {
        self.out.look
    }

    /// How standard error looks.
    pub(crate) fn err_look(&self) -> Look {
        self.err.look
    }

    /// Whether standard error is a terminal, where progress can be drawn.
    pub(crate) fn draws(&self) -> bool {
        self.err.terminal
    }

    /// Standard output, for who reports while work goes on.
    pub(crate) fn out(&self) -> Stream {
        self.out.clone()
    }

    /// Standard error, for who reports while work goes on.
    pub(crate) fn err(&self) -> Stream {
        self.err.clone()
    }

    /// Prints data.
    pub(crate) fn print(&self, text: &str) -> io::Result<()> {
        self.out.print(text)
    }

    /// Prints data as JSON, piece by piece: all of it may be very much.
    pub(crate) fn print_json(&self, data: &impl Serialize) -> io::Result<()> {
        let mut pieces = Pieces { stream: &self.out, held: Vec::with_capacity(2 * PIECE) };
        write_indented(&mut pieces, data)?;
        pieces.write_all(b"\n")?;
        pieces.flush()
    }

    /// Tells the reader something beside the data. That it cannot be told is not worth failing for.
    pub(crate) fn tell(&self, text: &str) {
        let _ = self.err.print(text);
    }

    /// Asks a person; what was typed, without the line end. None when nobody is there to answer.
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        if !self.interactive {
            return None;
        }
        self.tell(question);
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok().filter(|n| *n > 0)?;
        Some(answer.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Widest layout, for readability and for CI logs.
const WIDEST: usize = 100;
/// Narrowest layout; below that, lines are left to the terminal to break.
const NARROWEST: usize = 60;

fn look(env: &BTreeMap<String, String>, terminal: bool, colours: Colours) -> Look {
    let width = match terminal {
        true => terminal_size::terminal_size().map_or(WIDEST, |(width, _)| usize::from(width.0)),
        false => WIDEST,
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|v| env.get(*v).filter(|v| !v.is_empty()));
    let unicode = !terminal
        || locale.is_none_or(|l| {
            let l = l.to_ascii_lowercase();
            l.contains("utf-8") || l.contains("utf8")
        });
    Look {
        colours,
        charset: if unicode { Charset::Unicode } else { Charset::Ascii },
        width: width.clamp(NARROWEST, WIDEST),
    }
}
