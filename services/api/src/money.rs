//! Money on the wire and in the rows: US dollars here, millionths of one there.

/// US dollars, from millionths of one.
#[expect(
    clippy::cast_precision_loss,
    reason = "shown, never calculated with; exact up to nine billion dollars"
)]
pub(crate) fn usd(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

/// Millionths of a US dollar, from dollars: to the ten-thousandth of one, and nothing for what is no sum.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and what is no number or negative becomes nothing"
)]
pub(crate) fn micros(usd: f64) -> u64 {
    ((usd * 10_000.0).round() as u64).saturating_mul(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_what_was_said() {
        for usd in [0.0, 0.05, 0.1, 2.5, 0.0375, 9_999.99] {
            let back = super::usd(micros(usd));
            assert!((back - usd).abs() < 1e-9, "{usd} became {back}");
        }
        assert_eq!((micros(-1.0), micros(f64::NAN)), (0, 0));
    }
}
