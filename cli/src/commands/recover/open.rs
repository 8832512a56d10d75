//! The runs that there are, and the one that is meant.

use drctl_core::codes::Code;
use drctl_core::lang::near;
use drctl_engine::files::FileError;
use drctl_engine::journal::{JournalError, Replayed};
use drctl_engine::runs::{Begun, Folder, Of, Stand, stand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::render::text::safe;

/// What became of a run so far.
pub(crate) fn read(folder: &Folder) -> Result<Replayed<Begun>, Failure> {
    let found = folder.read().map_err(|error| unreadable(&error))?;
    found.ok_or_else(|| {
        let headline = format!("`{}` ends before the run has begun", folder.journal().display());
        Failure::new(Code::RunUnusable, headline, "Nothing was done in it; remove its folder.")
    })
}

/// A run with its folder, or why it cannot be read.
pub(crate) type Listed = (Folder, Result<Replayed<Begun>, JournalError>);

/// All runs, the oldest first. One that cannot be read is told by its error.
pub(crate) fn all(project: &Project) -> Result<Vec<Listed>, Failure> {
    let folders = Folder::all(&project.data).map_err(|error| unusable(&error))?;
    let read = folders.into_iter().filter_map(|folder| {
        let read = folder.read().transpose()?;
        Some((folder, read))
    });
    Ok(read.collect())
}

/// The run of that name.
pub(crate) fn named(project: &Project, name: &str) -> Result<(Folder, Replayed<Begun>), Failure> {
    let mut names = Vec::new();
    let own = Folder::new(&project.data, name).journal();
    for (folder, run) in all(project)? {
        match run {
            Ok(run) if run.header.run == name => return Ok((folder, run)),
            Ok(run) => names.push(run.header.run),
            Err(error) if folder.journal() == own => return Err(unreadable(&error)),
            // The record of another run that is damaged keeps nobody from going on with this one.
            Err(_) => {}
        }
    }
    let help = match near(name, names.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "`drctl recover runs` lists them.".to_owned(),
    };
    Err(Failure::new(Code::NoSuchRun, format!("There is no run `{}`", safe(name)), help))
}

/// The run of that name, or the only one that is open.
pub(crate) fn meant(project: &Project, name: Option<&str>) -> Result<(Folder, Replayed<Begun>), Failure> {
    if let Some(name) = name {
        return named(project, name);
    }
    let mut open = opened(project)?;
    match (open.pop(), open.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => {
            let help = "Say which with `--run`; `drctl recover runs` lists them.";
            Err(Failure::new(Code::NoSuchRun, "More than one run is open", help))
        }
        (None, _) => {
            let help = "`drctl recover runs` lists those that there were.";
            Err(Failure::new(Code::NoSuchRun, "No run is open", help))
        }
    }
}

/// Refuses while a recovery is open: two plans at once would undo each other. `of` is what is to begin; none
/// for an apply. A drill is on names of its own and stands in no recovery's way.
pub(crate) fn none_open(project: &Project, of: Option<&Of>) -> Result<(), Failure> {
    let stands_in_the_way = |run: &Begun| match (&run.of, of) {
        (Of::Drill(_), Some(Of::Recovery(_) | Of::Practice(_))) => false,
        (Of::Recovery(_) | Of::Practice(_) | Of::Drill(_), _) => true,
    };
    match opened(project)?.iter().find(|(_, run)| stands_in_the_way(&run.header)) {
        None => Ok(()),
        Some((_, replayed)) => {
            let run = &replayed.header.run;
            let (what, give_up) = match replayed.header.of {
                Of::Drill(_) => ("Drill", format!("`drctl drill teardown {run}`")),
                Of::Recovery(_) | Of::Practice(_) => {
                    ("Recovery", format!("`drctl recover abort --run {run} --reason TEXT`"))
                }
            };
            let help = format!("Go on with it: `drctl recover --resume {run}`. Or give it up: {give_up}.");
            Err(Failure::new(Code::RunOpen, format!("{what} {run} is open"), help).exit(Exit::Locked))
        }
    }
}

/// Whether a run that is meant stands elsewhere, if anywhere.
pub(super) fn none_here(project: &Project, name: Option<&str>) -> bool {
    match name {
        Some(name) => !Folder::new(&project.data, name).journal().exists(),
        None => opened(project).is_ok_and(|open| open.is_empty()),
    }
}

fn opened(project: &Project) -> Result<Vec<(Folder, Replayed<Begun>)>, Failure> {
    let mut open = Vec::new();
    for (folder, run) in all(project)? {
        let run = run.map_err(|error| unreadable(&error))?;
        // A practice changes nothing, and stands in nobody's way.
        if stand(&run.run) == Stand::Open && !matches!(run.header.of, Of::Practice(_)) {
            open.push((folder, run));
        }
    }
    Ok(open)
}

/// The journal of a run cannot be trusted.
pub(crate) fn unreadable(error: &JournalError) -> Failure {
    let help = match error {
        JournalError::File(_) => {
            "Whoever carried it out can read it: go on as the same user, or correct the permissions."
        }
        _ => {
            "It is the record of what was done: look at it, do not edit it. Move its folder away to go on without it."
        }
    };
    Failure::new(Code::RunUnusable, format!("A run cannot be read: {error}"), help)
}

/// A file of a run cannot be used.
pub(crate) fn unusable(error: &FileError) -> Failure {
    Failure::new(Code::RunUnusable, error.to_string(), "Correct the permissions, or free the disk.")
}
