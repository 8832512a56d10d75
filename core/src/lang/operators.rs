//! Operators on known values. Total: what cannot be computed is an error, never a panic and never
//! a wrong number.

use bigdecimal::{BigDecimal, RoundingMode, Zero};

use crate::codes::Code;
use crate::lang::expr::{BinaryOp, UnaryOp};
use crate::lang::types::{parse_bool, parse_number};
use crate::value::{Number, Value};

/// Digits that a quotient without end is given.
const QUOTIENT_DIGITS: u64 = 60;

/// Why an operator has no result: the code, which operand is to blame, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code.
    pub code: Code,
    /// 0 for the left or only operand, 1 for the right one, none for both.
    pub operand: Option<usize>,
    /// What is wrong there. Types, never values.
    pub message: String,
}

fn operand(index: usize, expected: &str, found: &Value) -> Failure {
    let message = format!("expected {expected}, found {}", found.type_name());
    Failure { code: Code::WrongOperand, operand: Some(index), message }
}

/// A bool, or text that reads as one.
///
/// # Errors
/// When it is neither.
pub fn bool(index: usize, value: &Value) -> Result<bool, Failure> {
    match value {
        Value::Bool(b) => Ok(*b),
        Value::String(text) => parse_bool(text).ok_or_else(|| operand(index, "a bool", value)),
        _ => Err(operand(index, "a bool", value)),
    }
}

fn number(index: usize, value: &Value) -> Result<Number, Failure> {
    match value {
        Value::Number(n) => Ok(n.clone()),
        Value::String(text) => parse_number(text).ok_or_else(|| operand(index, "a number", value)),
        _ => Err(operand(index, "a number", value)),
    }
}

fn bounded(result: BigDecimal) -> Result<Value, Failure> {
    Number::new(result).map(Value::Number).ok_or_else(|| Failure {
        code: Code::Arithmetic,
        operand: None,
        message: "the result has more than 4096 digits".to_owned(),
    })
}

/// `!a`, `-a`
///
/// # Errors
/// When the operand does not fit.
pub fn unary(op: UnaryOp, value: &Value) -> Result<Value, Failure> {
    match op {
        UnaryOp::Not => bool(0, value).map(|b| Value::Bool(!b)),
        UnaryOp::Negate => bounded(-number(0, value)?.as_decimal().clone()),
    }
}

/// `a + b` and all others.
///
/// # Errors
/// When an operand does not fit or there is no such number.
pub fn binary(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Failure> {
    let zero = || Failure {
        code: Code::Arithmetic,
        operand: Some(1),
        message: "this is zero, and nothing can be divided by zero".to_owned(),
    };
    match op {
        BinaryOp::Or => Ok(Value::Bool(bool(0, a)? | bool(1, b)?)),
        BinaryOp::And => Ok(Value::Bool(bool(0, a)? & bool(1, b)?)),
        BinaryOp::Equal => Ok(Value::Bool(a == b)),
        BinaryOp::NotEqual => Ok(Value::Bool(a != b)),
        BinaryOp::Less => Ok(Value::Bool(number(0, a)? < number(1, b)?)),
        BinaryOp::LessOrEqual => Ok(Value::Bool(number(0, a)? <= number(1, b)?)),
        BinaryOp::Greater => Ok(Value::Bool(number(0, a)? > number(1, b)?)),
        BinaryOp::GreaterOrEqual => Ok(Value::Bool(number(0, a)? >= number(1, b)?)),
        BinaryOp::Add => bounded(number(0, a)?.as_decimal() + number(1, b)?.as_decimal()),
        BinaryOp::Subtract => bounded(number(0, a)?.as_decimal() - number(1, b)?.as_decimal()),
        BinaryOp::Multiply => bounded(number(0, a)?.as_decimal() * number(1, b)?.as_decimal()),
        BinaryOp::Divide => {
            let (a, b) = (number(0, a)?, number(1, b)?);
            if b.as_decimal().is_zero() {
                return Err(zero());
            }
            let quotient = a.as_decimal() / b.as_decimal();
            let exact = &quotient * b.as_decimal() == *a.as_decimal();
            bounded(if exact { quotient } else { rounded(&quotient) })
        }
        BinaryOp::Modulo => {
            let (a, b) = (number(0, a)?, number(1, b)?);
            if b.as_decimal().is_zero() {
                return Err(zero());
            }
            bounded(a.as_decimal() % b.as_decimal())
        }
    }
}

fn rounded(quotient: &BigDecimal) -> BigDecimal {
    quotient.with_precision_round(
        std::num::NonZeroU64::new(QUOTIENT_DIGITS).expect("a constant above zero"),
        RoundingMode::HalfEven,
    )
}

/// A value inside of text; `None` when it has no text form.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null | Value::List(_) | Value::Set(_) | Value::Object(_) => None,
    }
}
