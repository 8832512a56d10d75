//! Schedules, checked and brought into their canonical form.

use crate::lang::functions::function::{Args, CallError, Function, Kind, Param, Plain, Shape};
use crate::schedule::{Part, Schedule, Wrong};
use crate::value::Value;

const EXPRESSION: Param = Param::new("expression", Shape::String);
const ZONE: Param = Param::new("zone", Shape::String);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "aws_cron",
        docs: "A schedule in AWS's notation: minute, hour, day of the month, month, day of the week (1 = SUN), year; one of the days is `?`. The time zone is UTC unless it is given. A run whose time is skipped when the clock is set forward does not happen, one whose time comes twice happens once: so says the EventBridge Scheduler User Guide, and of other services it is assumed.",
        params: &[EXPRESSION, ZONE.optional()],
        variadic: None,
        kind: Kind::Plain(Plain(|args| {
            let zone = if args.count() > 1 { args.text(1) } else { "UTC" };
            made(Schedule::aws(args.text(0), zone))
        })),
    },
    Function {
        name: "cron",
        docs: "A schedule in the notation of unix cron: minute, hour, day of the month, month, day of the week (0 = SUN), or a name such as `@daily`, and its time zone. When the clock is set forward over the time of a job, it runs right afterwards; when it is set back, the job is not repeated. A job whose minute or hour begins with `*` follows the clock.",
        params: &[EXPRESSION, ZONE],
        variadic: None,
        kind: Kind::Plain(Plain(|args| made(Schedule::unix(args.text(0), args.text(1))))),
    },
    Function {
        name: "on",
        docs: "A schedule of what is not made at a time but when something happens, such as a deployment. With a second argument it happens at least that often; without one, nothing bounds how old the last one is.",
        params: &[Param::new("event", Shape::String), Param::new("at_least_every", Shape::String).optional()],
        variadic: None,
        kind: Kind::Plain(Plain(|args: Args<'_>| {
            let every = (args.count() > 1).then(|| args.text(1));
            made(Schedule::on(args.text(0), every))
        })),
    },
    Function {
        name: "rate",
        docs: "A schedule that runs again when this long has passed since the last run.",
        params: &[Param::new("every", Shape::String)],
        variadic: None,
        kind: Kind::Plain(Plain(|args: Args<'_>| made(Schedule::rate(args.text(0))))),
    },
];

fn made(schedule: Result<Schedule, Wrong>) -> Result<Value, CallError> {
    schedule.map(|s| Value::String(s.to_string())).map_err(|wrong| {
        let arg = match wrong.part {
            Part::Expression => 0,
            Part::Zone => 1,
        };
        CallError { within: Some(wrong.at), help: wrong.help, ..CallError::at(arg, wrong.message) }
    })
}
