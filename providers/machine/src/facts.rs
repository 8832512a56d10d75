//! The facts about PostgreSQL, pgBackRest, restic and schedulers that the kinds rely on, sorted by id.

use drctl_core::fact::Fact;

macro_rules! facts {
    ($table:ident: $($id:ident $text:literal, $source:literal;)+) => {
        $(
            #[doc = $text]
            pub static $id: Fact =
                Fact { id: stringify!($id), text: $text, source: $source, general_knowledge: false };
        )+
        /// All of the provider, sorted by id.
        pub static $table: &[Fact] = &[$($id),+];
    };
}

facts! { POSTGRES:
    D1 "`drctl backup run` removes dumps that are older than their retention once it has made a new one; the newest whole one stays, and what is locked.", "what `drctl backup run` does: docs/backups.md, Making one";
    D2 "Dumps stay where they were made: after a change of place nothing lists, restores or removes those that are there.", "what `drctl backup` looks at: docs/backups.md";
    D3 "An object is locked when it is written: another lock is for the dumps to come.", "Amazon S3 User Guide, Locking objects with Object Lock, Retention periods";
    D4 "Whoever may write to a directory may remove what is in it, to whomever that belongs; where the directory has the sticky bit, only what is theirs.", "unlink(2), ERRORS, EACCES and EPERM; inode(7)";
    G1 "pgBackRest removes full backups that are older than their retention with the next `expire`, and with them what builds on them and the log before the oldest that is left.", "pgBackRest Configuration Reference, repo-retention-full, repo-retention-full-type";
    G2 "A repository is where its options say: after a change of path, bucket or type it is another, empty one, and what was backed up before stays where it was.", "pgBackRest Configuration Reference, repo-path, repo-type; observed with pgBackRest 2.45";
    G3 "The encryption of a repository is set when its first stanza is made and can neither be changed nor taken away.", "pgBackRest User Guide, Repository Encryption";
    P1 "`archive_mode` and `wal_level` change only when the server is restarted.", "PostgreSQL 15 Documentation, 20.5 Write Ahead Log; pg_settings.context";
    P2 "A server that writes little archives a part of its log only after `archive_timeout`; 0 means when the part is full.", "PostgreSQL 15 Documentation, 20.5.3 Archiving";
    P3 "With archiving on and no command the log is kept until there is one, and nothing of it is archived.", "PostgreSQL 15 Documentation, 20.5.3 Archiving";
    P4 "A server whose `wal_level` is `minimal` does not start with `archive_mode` on.", "PostgreSQL 15 Documentation, 20.5.1 Settings, wal_level";
    P5 "The server hands each finished part of its log to one command, or to `archive_library` where that is set; another command takes the place of the first.", "PostgreSQL 15 Documentation, 20.5.3 Archiving";
    P6 "A backup that nothing starts is not made.", "the files of the scheduler that drctl writes";
}

facts! { FILES:
    F1 "A backup that nothing starts is not made.", "the files of the scheduler that drctl writes";
    F2 "A repository of restic is always encrypted: without its password nothing in it can be read.", "restic Documentation, Preparing a new repository";
    F3 "`drctl backup run` has restic forget and prune its snapshots that are older than their retention once it has made a new one; the newest stays.", "what `drctl backup run` does; restic Documentation, Removing backup snapshots, --keep-within";
}
