//! `service=NAME` of a connection string: what a service file says of it, found where other clients of
//! PostgreSQL look for it.

use std::path::{Path, PathBuf};

use super::settings::Variable;

/// What a service file may say, by the variable of the environment that says the same.
const KNOWN: [(&str, &str); 11] = [
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("dbname", "PGDATABASE"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
];

/// A service, by the variables that would say the same.
#[derive(Default)]
pub(super) struct Service(Vec<(&'static str, String)>);

impl Service {
    /// Looks it up: in the file of `PGSERVICEFILE` or `~/.pg_service.conf`, then in that of `PGSYSCONFDIR`.
    ///
    /// # Errors
    /// When it stands in none of them, or what it says cannot be heeded. No values are told.
    pub(super) fn of(name: &str, variable: Variable<'_>) -> Result<Service, String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let own = set("PGSERVICEFILE")
            .map(PathBuf::from)
            .or_else(|| Some(Path::new(&set("HOME")?).join(".pg_service.conf")));
        let systems = set("PGSYSCONFDIR").map(|dir| Path::new(&dir).join("pg_service.conf"));
        for path in [own, systems].into_iter().flatten() {
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => continue,
                Err(why) => return Err(format!("reading `{}`: {why}", path.display())),
            };
            if let Some(lines) = section(&text, name) {
                let pairs = lines.into_iter().map(|line| pair(line, name)).collect::<Result<_, _>>()?;
                return Ok(Service(pairs));
            }
        }
        Err(format!(
            "the service `{name}` stands in no service file: neither in `PGSERVICEFILE` or `~/.pg_service.conf` nor in `PGSYSCONFDIR`"
        ))
    }

    /// What it says in the place of that variable.
    pub(super) fn get(&self, variable: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == variable).map(|(_, value)| value.clone())
    }
}

/// The lines below `[name]`; none where there is no such line.
fn section<'t>(text: &'t str, name: &str) -> Option<Vec<&'t str>> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let head = format!("[{name}]");
    lines().any(|line| line == head).then(|| {
        lines().skip_while(|line| *line != head).skip(1).take_while(|line| !line.starts_with('[')).collect()
    })
}

fn pair(line: &str, service: &str) -> Result<(&'static str, String), String> {
    let (name, value) = line
        .split_once('=')
        .ok_or_else(|| format!("the service `{service}` has a line that says nothing: `name=value`"))?;
    let known = KNOWN.iter().find(|(known, _)| *known == name.trim());
    let (_, variable) =
        known.ok_or_else(|| format!("`{}` of the service `{service}` is not known here", name.trim()))?;
    Ok((variable, value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\n[shop]\nhost = /run/pg\ndbname=shop\npassword=hunter2\n\n[recovery]\nport=6543\n\
                        [torn]\nhunter2\n[strange]\nkrbsrvname=hunter2\n";

    #[test]
    fn it_is_read_from_the_first_file_that_has_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".pg_service.conf"), FILE).unwrap();
        std::fs::write(dir.path().join("pg_service.conf"), "[shop]\nhost=other\n[everybodys]\nuser=x\n")
            .unwrap();
        let dir = dir.path().display().to_string();
        let variable = |name: &str| ["HOME", "PGSYSCONFDIR"].contains(&name).then(|| dir.clone());
        let get = |service: &str, name: &str| Service::of(service, &variable).map(|found| found.get(name));
        assert_eq!(get("shop", "PGHOST"), Ok(Some("/run/pg".to_owned())));
        assert_eq!(get("shop", "PGPORT"), Ok(None), "the next section is another service");
        assert_eq!(get("recovery", "PGPORT"), Ok(Some("6543".to_owned())));
        assert_eq!(get("everybodys", "PGUSER"), Ok(Some("x".to_owned())));
        for wrong in ["unheard", "torn", "strange"] {
            let Err(why) = get(wrong, "PGHOST") else { panic!("{wrong} is taken") };
            assert!(why.contains(wrong) && !why.contains("hunter2"), "{why}");
        }
    }
}
