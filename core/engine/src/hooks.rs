//! Where tests may cut a process off: before and after each journal write and each call that
//! changes something.

/// Is told each point that is passed.
pub trait Hooks: Send + Sync {
    /// The point has been reached: `before_journal`, `after_effect`.
    fn at(&self, point: &str);
}

/// Does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn at(&self, _point: &str) {}
}
