//! When somebody is told of a recovery that goes on: by its clock and by what was told before. Pure, so that
//! a run that was killed goes on telling where it was.

use std::collections::BTreeMap;

use super::action::{Action, Surroundings};
use super::readable;
use super::told::{Calls, Notice, ToldAt};
use crate::plan::StepId;
use crate::system::Channel;

/// Seconds until a message that could not be sent is tried again.
const AGAIN_S: i64 = 60;

/// How often a message is tried before it is given up, until it is its time again.
const TRIES: u32 = 3;

/// What was told of one notice so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Seconds from the beginning until it was last told.
    pub last_s: Option<i64>,
    /// How often it could not be told since.
    pub failures: u32,
    /// Seconds from the beginning until that was tried last.
    pub tried_s: Option<i64>,
}

impl Sent {
    /// Takes in that it was told, or that it could not be.
    pub fn record(&mut self, at_s: i64, is_told: bool) {
        *self = match is_told {
            true => Sent { last_s: Some(at_s), failures: 0, tried_s: None },
            false => Sent { failures: self.failures + 1, tried_s: Some(at_s), ..*self },
        };
    }
}

/// A step that waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// The step.
    pub step: StepId,
    /// For how many seconds.
    pub for_s: i64,
}

/// How a recovery is doing, as its messages say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Seconds since it began.
    pub elapsed_s: i64,
    /// Seconds that it still takes, when all goes as usual.
    pub left_s: i64,
    /// Seconds that it may take.
    pub rto_s: Option<i64>,
    /// The step that has waited longest for a person, where one does.
    pub unanswered: Option<Unanswered>,
    /// Whether the service works again.
    pub works: bool,
    /// Whether everything is done.
    pub over: bool,
}

impl Progress {
    /// By how much the objective will be missed, as things stand.
    fn late_s(&self) -> Option<i64> {
        let late = self.elapsed_s.saturating_add(self.left_s).saturating_sub(self.rto_s?);
        (late > 0).then_some(late)
    }
}

impl Calls {
    /// Why they are called now; none while they are not.
    pub fn why(&self, progress: &Progress) -> Option<String> {
        let asked = progress.unanswered.filter(|asked| self.unanswered_s.is_some_and(|s| asked.for_s >= s));
        if let Some(Unanswered { step, for_s }) = asked {
            return Some(format!("step {} waits for a person since {}", step.0, readable(for_s)));
        }
        if progress.works {
            return None;
        }
        if self.rto_at_risk && progress.late_s().is_some() {
            return Some("the RTO is at risk".to_owned());
        }
        match self.after_s? {
            0 => Some("the recovery has begun".to_owned()),
            after => (progress.elapsed_s >= after)
                .then(|| format!("it does not work for {}", readable(progress.elapsed_s))),
        }
    }
}

impl Notice {
    /// Why they are called now, of a level of an escalation.
    pub fn why(&self, progress: &Progress) -> Option<String> {
        self.calls.as_ref()?.why(progress)
    }
}

/// The notices that are due, by their places.
pub fn due(notices: &[Notice], sent: &BTreeMap<u32, Sent>, progress: &Progress) -> Vec<u32> {
    let now = progress.elapsed_s;
    let is_due = |(place, notice): &(u32, &Notice)| {
        let sent = sent.get(place).copied().unwrap_or_default();
        let due = match notice.at {
            ToldAt::Started => sent.last_s.is_none(),
            ToldAt::Every => {
                let every = notice.after_s.unwrap_or_default().max(1);
                // After a pause of the run it is told once, not once for each time that was missed.
                !progress.over && now.saturating_sub(sent.last_s.unwrap_or(0)) >= every
            }
            ToldAt::Downtime => {
                let after = notice.clock_s.unwrap_or_default();
                !progress.works && sent.last_s.is_none() && now >= after
            }
            ToldAt::Resolved => progress.over && sent.last_s.is_none(),
            ToldAt::Escalated => sent.last_s.is_none() && notice.why(progress).is_some(),
        };
        let pause = match (sent.failures < TRIES, notice.at) {
            (true, _) => Some(AGAIN_S),
            (false, ToldAt::Every) => notice.after_s,
            (false, ToldAt::Started | ToldAt::Downtime | ToldAt::Resolved | ToldAt::Escalated) => None,
        };
        let waited = |tried: i64| pause.is_some_and(|pause| now.saturating_sub(tried) >= pause);
        due && sent.tried_s.is_none_or(waited)
    };
    (0..).zip(notices).filter(is_due).map(|(place, _)| place).collect()
}

/// What is told: the text of the notice with `clock.elapsed` and `clock.left` in it, or how it is doing.
pub fn message(notice: &Notice, of: &str, progress: &Progress) -> String {
    let Progress { elapsed_s, left_s, over, .. } = *progress;
    let (elapsed, left) = (readable(elapsed_s), readable(left_s));
    if let Some(text) = &notice.text {
        return text.replace("${clock.elapsed}", &elapsed).replace("${clock.left}", &left);
    }
    if over {
        return format!("{of}: over after {elapsed}.");
    }
    let late = progress.late_s();
    let late =
        late.map_or_else(String::new, |s| format!(" Its objective will be missed by {}.", readable(s)));
    let called =
        notice.why(progress).map_or_else(String::new, |why| format!(" {} is called: {why}.", notice.whom));
    format!("{of}: {elapsed} elapsed, about {left} left.{late}{called}")
}

impl Notice {
    /// How a machine tells it; none where a person does.
    pub fn action(&self, message: String) -> Option<Action> {
        let Notice { webhook, command, env, .. } = self;
        sending(webhook.as_deref(), command, env, message)
    }
}

/// How a machine tells a message through a channel; none where a person does.
pub fn telling(channel: &Channel, message: String) -> Option<Action> {
    let Channel { webhook, run, env, .. } = channel;
    let words = |words: &Option<Vec<String>>| words.clone().unwrap_or_default();
    sending(webhook.as_deref(), &words(run), &words(env), message)
}

fn sending(webhook: Option<&str>, command: &[String], env: &[String], message: String) -> Option<Action> {
    if let Some(address_in) = webhook {
        return Some(Action::Post { address_in: address_in.to_owned(), text: message });
    }
    if command.is_empty() {
        return None;
    }
    let words = command.iter().cloned().chain([message]).collect();
    Some(Action::Run { words, surroundings: Surroundings { env: env.to_vec(), ..Surroundings::default() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(at: ToldAt, after_s: Option<i64>) -> Notice {
        Notice {
            at,
            after_s,
            clock_s: after_s,
            whom: "customers".to_owned(),
            channel: crate::addr::Name::new("page").unwrap(),
            description: None,
            reached: Vec::new(),
            command: vec!["tell".to_owned()],
            env: Vec::new(),
            webhook: None,
            text: None,
            owner: None,
            calls: None,
        }
    }

    fn at(elapsed_s: i64) -> Progress {
        Progress { elapsed_s, left_s: 600, rto_s: Some(3_600), unanswered: None, works: false, over: false }
    }

    /// The times at which a notice is told in a recovery that works after 50 minutes and is over after an
    /// hour, when it is looked every ten seconds.
    fn told(notice: Notice, mut fails: impl FnMut(i64) -> bool) -> Vec<i64> {
        let (notices, mut sent, mut told) = ([notice], BTreeMap::<u32, Sent>::new(), Vec::new());
        for now in (0..=3_600).step_by(10) {
            let progress = Progress { works: now >= 3_000, over: now >= 3_600, ..at(now) };
            for place in due(&notices, &sent, &progress) {
                let failed = fails(now);
                sent.entry(place).or_default().record(now, !failed);
                told.extend((!failed).then_some(now));
            }
        }
        told
    }

    #[test]
    fn everybody_is_told_when_it_was_promised_and_not_again() {
        let never = |_: i64| false;
        assert_eq!(told(notice(ToldAt::Started, Some(900)), never), [0]);
        assert_eq!(told(notice(ToldAt::Every, Some(1_200)), never), [1_200, 2_400]);
        assert_eq!(told(notice(ToldAt::Downtime, Some(1_800)), never), [1_800]);
        assert_eq!(told(notice(ToldAt::Downtime, Some(3_300)), never), [] as [i64; 0], "it works by then");
        assert_eq!(told(notice(ToldAt::Resolved, None), never), [3_600]);
    }

    #[test]
    fn a_level_is_called_once_by_whatever_comes_first() {
        let calls = Calls { after_s: Some(1_800), unanswered_s: Some(600), rto_at_risk: true };
        let level = Notice {
            whom: "contact.cto (escalation.x, level 2)".to_owned(),
            calls: Some(calls),
            ..notice(ToldAt::Escalated, None)
        };
        let waits =
            |now, for_s| Progress { unanswered: Some(Unanswered { step: StepId(4), for_s }), ..at(now) };
        let why = |progress: &Progress| level.why(progress);
        assert_eq!(why(&at(1_799)), None);
        assert_eq!(why(&at(1_800)).unwrap(), "it does not work for 30m");
        assert_eq!(why(&waits(900, 599)), None);
        assert_eq!(why(&waits(900, 600)).unwrap(), "step 4 waits for a person since 10m");
        assert_eq!(why(&Progress { left_s: 2_900, ..at(700) }), None, "just in time");
        assert_eq!(why(&Progress { left_s: 2_901, ..at(700) }).unwrap(), "the RTO is at risk");
        assert_eq!(why(&Progress { works: true, left_s: 0, ..at(5_000) }), None, "it goes on: it works");
        let said = message(&level, "recovery from a", &waits(900, 600));
        assert_eq!(
            said,
            "recovery from a: 15m elapsed, about 10m left. contact.cto (escalation.x, level 2) is called: step 4 waits \
             for a person since 10m."
        );
        assert_eq!(told(level, |_| false), [1_800]);
    }

    #[test]
    fn a_level_that_only_something_else_calls_is_not_called_by_the_clock() {
        let called_by = |calls: Calls| Notice { calls: Some(calls), ..notice(ToldAt::Escalated, None) };
        let none = Calls { after_s: None, unanswered_s: None, rto_at_risk: false };
        assert_eq!(told(called_by(none.clone()), |_| false), [] as [i64; 0]);
        // With 10 minutes left all the time it is late after 50 minutes, and works by then.
        assert_eq!(told(called_by(Calls { rto_at_risk: true, ..none.clone() }), |_| false), [] as [i64; 0]);
        assert_eq!(told(called_by(Calls { after_s: Some(0), ..none }), |_| false), [0]);
    }

    #[test]
    fn a_dead_channel_is_tried_three_times_a_minute_apart() {
        let mut tries = Vec::new();
        let dead = |now| {
            tries.push(now);
            true
        };
        assert_eq!(told(notice(ToldAt::Started, None), dead), [] as [i64; 0]);
        assert_eq!(tries, [0, 60, 120]);
        let recovers = |now| now < 1_300;
        assert_eq!(told(notice(ToldAt::Every, Some(1_200)), recovers), [1_320, 2_520]);
    }

    #[test]
    fn what_was_missed_while_nobody_commanded_is_told_once() {
        let notices = [notice(ToldAt::Every, Some(600))];
        let mut sent = BTreeMap::from([(0, Sent { last_s: Some(600), ..Sent::default() })]);
        assert_eq!(due(&notices, &sent, &at(3_500)), [0]);
        sent.entry(0).or_default().record(3_500, true);
        assert_eq!(due(&notices, &sent, &at(3_510)), [] as [u32; 0]);
    }

    #[test]
    fn a_message_says_how_it_is_doing() {
        let plain = notice(ToldAt::Started, None);
        assert_eq!(
            message(&plain, "recovery from a", &at(60)),
            "recovery from a: 1m elapsed, about 10m left."
        );
        let late = message(&plain, "recovery from a", &at(3_300));
        assert!(late.ends_with("Its objective will be missed by 5m."), "{late}");
        let own =
            Notice { text: Some("Down for ${clock.elapsed}, ${clock.left} to go: $5".to_owned()), ..plain };
        assert_eq!(message(&own, "x", &at(60)), "Down for 1m, 10m to go: $5");
        assert_eq!(
            own.action("--help".to_owned()),
            Some(Action::Run {
                words: vec!["tell".to_owned(), "--help".to_owned()],
                surroundings: Surroundings::default()
            })
        );
    }
}
