//! A configuration in a folder of its own, and the binary working in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The folder; gone when dropped.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// With a text and what fills the simulated cloud.
    pub(crate) fn new(text: &str, seed: &Value) -> Project {
        let project = Project { dir: tempfile::tempdir().unwrap() };
        project.write(text);
        std::fs::write(project.dir().join("sim.json"), seed.to_string()).unwrap();
        project
    }

    /// The same at another place.
    pub(crate) fn copy(&self) -> Project {
        let copy = Project { dir: tempfile::tempdir().unwrap() };
        copy_folder(self.dir(), copy.dir());
        copy
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A file of drctl's own.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.dir().join(".drctl").join(name)
    }

    /// Replaces the text.
    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.dir().join("main.dr.hcl"), text).unwrap();
    }

    /// Runs what has to succeed; what it said.
    pub(crate) fn must(&self, args: &[&str], when: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.arg("-C").arg(self.dir()).args(args).stdin(Stdio::null());
        for variable in ["DRCTL_SIM", "DRCTL_DATA_DIR", "DRCTL_NOW"] {
            command.env_remove(variable);
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (said, complained) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{when}: {args:?}: {}\n{said}{complained}", output.status);
        said
    }

    /// The cloud after all that is on its way has arrived, without what tells how often it was asked.
    pub(crate) fn cloud(&self) -> Value {
        self.must(&["sim", "advance", "8d"], "waiting");
        let text = std::fs::read_to_string(self.data("sim/cloud.json")).unwrap();
        let mut world: Value = serde_json::from_str(&text).unwrap();
        world.as_object_mut().unwrap().remove("writes");
        world
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
