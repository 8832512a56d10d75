//! Numbers. All results are exact; one with too many digits is an error.

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, RoundingMode, Signed, Zero};

use crate::lang::functions::function::{Args, CallError, Function, Kind, Param, Plain, Shape};
use crate::value::{MAX_DIGITS, Number, Value};

/// Most elements that `range` makes.
const MAX_RANGE: usize = 1024;

const fn plain(
    name: &'static str,
    params: &'static [Param],
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    Function { name, docs, params, variadic: None, kind: Kind::Plain(Plain(call)) }
}

const fn variadic(
    name: &'static str,
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    let variadic = Some(Param::new("numbers", Shape::Number));
    Function { name, docs, params: &[], variadic, kind: Kind::Plain(Plain(call)) }
}

const NUMBER: Param = Param::new("number", Shape::Number);

pub(super) static FUNCTIONS: &[Function] = &[
    plain("abs", &[NUMBER], "The number without its sign.", |args| made(args.number(0).as_decimal().abs())),
    plain("ceil", &[NUMBER], "The next whole number that is not smaller.", |args| {
        made(args.number(0).as_decimal().with_scale_round(0, RoundingMode::Ceiling))
    }),
    plain("floor", &[NUMBER], "The next whole number that is not greater.", |args| {
        made(args.number(0).as_decimal().with_scale_round(0, RoundingMode::Floor))
    }),
    variadic("max", "The greatest number.", |args| extreme(args, Iterator::max)),
    variadic("min", "The smallest number.", |args| extreme(args, Iterator::min)),
    plain(
        "parseint",
        &[Param::new("text", Shape::String), Param::new("base", Shape::Number)],
        "The whole number that the text stands for in a base from 2 to 36.",
        parseint,
    ),
    plain(
        "pow",
        &[NUMBER, Param::new("exponent", Shape::Number)],
        "The number raised to a power, which must be a whole number and not negative.",
        pow,
    ),
    plain(
        "range",
        &[
            Param::new("start", Shape::Number),
            Param::new("end", Shape::Number).optional(),
            Param::new("step", Shape::Number).optional(),
        ],
        "Numbers from `start` up to, and without, `end`; of one argument, from 0 up to it. At most 1024.",
        range,
    ),
    plain("signum", &[NUMBER], "-1, 0 or 1, as the number's sign.", |args| {
        Ok(Value::from(match args.number(0).as_decimal().sign() {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        }))
    }),
    plain("sum", &[Param::new("list", Shape::Numbers)], "The sum of all numbers in the list.", sum),
];

fn made(number: BigDecimal) -> Result<Value, CallError> {
    Number::new(number)
        .map(Value::Number)
        .ok_or_else(|| CallError::whole(format!("the result has more than {MAX_DIGITS} digits")))
}

fn extreme(mut args: Args, pick: fn(std::vec::IntoIter<Value>) -> Option<Value>) -> Result<Value, CallError> {
    pick(args.rest(0).into_iter()).ok_or_else(|| CallError::whole("at least one number is needed"))
}

fn parseint(args: Args) -> Result<Value, CallError> {
    let base = args.integer(1)?;
    let base = u32::try_from(base)
        .ok()
        .filter(|b| (2..=36).contains(b))
        .ok_or_else(|| CallError::at(1, "`base` must be between 2 and 36"))?;
    let text = args.text(0);
    let wrong = || CallError::at(0, format!("the text is no whole number in base {base}"));
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // The length is bounded first: reading digits in another base costs more than linear time.
    if digits.len() as i64 > 4 * MAX_DIGITS {
        return Err(CallError::at(0, format!("the result has more than {MAX_DIGITS} digits")));
    }
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err(wrong());
    }
    made(BigDecimal::from(BigInt::parse_bytes(text.as_bytes(), base).ok_or_else(wrong)?))
}

fn pow(args: Args) -> Result<Value, CallError> {
    let exponent = args.integer(1)?;
    let exponent = u32::try_from(exponent)
        .map_err(|_| CallError::at(1, "`exponent` must be between 0 and 4294967295"))?;
    let number = args.number(0).as_decimal();
    if exponent == 0 || number == &BigDecimal::from(1) {
        return Ok(Value::from(1));
    }
    if number.is_zero() || number == &BigDecimal::from(-1) {
        return if exponent % 2 == 0 { made(number.abs()) } else { made(number.clone()) };
    }
    // Every other number gains at least one bit, or one decimal place, with each power.
    let too_long = || CallError::whole(format!("the result has more than {MAX_DIGITS} digits"));
    if i64::from(exponent) > 4 * MAX_DIGITS {
        return Err(too_long());
    }
    let mut power = BigDecimal::from(1);
    for bit in (0..32).rev() {
        power = Number::new(&power * &power).ok_or_else(too_long)?.as_decimal().clone();
        if exponent >> bit & 1 == 1 {
            power = Number::new(&power * number).ok_or_else(too_long)?.as_decimal().clone();
        }
    }
    made(power)
}

fn range(args: Args) -> Result<Value, CallError> {
    let number = |i: usize| args.number(i).as_decimal().clone();
    let (start, end) =
        if args.count() == 1 { (BigDecimal::zero(), number(0)) } else { (number(0), number(1)) };
    let down = end < start;
    let step = match args.count() {
        3 => number(2),
        _ if down => BigDecimal::from(-1),
        _ => BigDecimal::from(1),
    };
    if step.is_zero() && start != end {
        return Err(CallError::at(2, "`step` must not be zero"));
    }
    if down && step.is_positive() {
        return Err(CallError::at(2, "`end` must not be less than `start` when `step` is positive"));
    }
    if step.is_negative() && start < end {
        return Err(CallError::at(2, "`end` must be less than `start` when `step` is negative"));
    }
    // Told before anything is made: a loop may ask for it again and again.
    if (&end - &start).abs() > step.abs() * BigDecimal::from(MAX_RANGE as u64) {
        return Err(CallError::whole(format!("the range has more than {MAX_RANGE} elements")));
    }
    let mut items = Vec::new();
    let mut next = start;
    while if step.is_negative() { next > end } else { next < end } {
        items.push(made(next.clone())?);
        next += &step;
    }
    Ok(Value::List(items))
}

fn sum(mut args: Args) -> Result<Value, CallError> {
    let items = args.list(0);
    if items.is_empty() {
        return Err(CallError::at(0, "the list is empty"));
    }
    let mut total = BigDecimal::zero();
    for (i, item) in items.into_iter().enumerate() {
        let Value::Number(number) = item else {
            return Err(CallError::at(0, format!("element {i} must not be null")));
        };
        total += number.as_decimal();
    }
    made(total)
}
