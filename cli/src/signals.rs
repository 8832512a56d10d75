//! What stops a run from outside: Ctrl-C and the supervisor's signal.

use drctl_core::codes::Code;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::failure::Failure;

/// What a person or a supervisor sends to stop a run.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on they no longer end the process.
    pub(crate) fn listen() -> Result<Signals, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                let headline = format!("Ctrl-C cannot be listened for: {error}");
                Failure::new(Code::CannotConnect, headline, "Nothing was changed.")
            })
        };
        let (interrupt, terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        Ok(Signals { interrupt, terminate })
    }

    /// Stops the run at the first one: what is in flight is waited for. Ends at the second one.
    pub(crate) async fn twice(mut self, stop: &watch::Sender<bool>, tell: impl Fn(&str)) {
        self.one().await;
        stop.send_replace(true);
        tell(
            "Interrupted: nothing new is started, what is in flight is waited for. Once more stops at once.",
        );
        self.one().await;
    }

    /// Ends at the first one.
    pub(crate) async fn once(mut self) {
        self.one().await;
    }

    async fn one(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
