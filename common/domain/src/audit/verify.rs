//! The verifier: takes the rows in their order and says what is wrong with them (SECURITY H10).
//!
//! The chain alone finds what was changed, taken out, put in or moved, unless all that follows was hashed anew. Heads known
//! from elsewhere find that too, and rows that were cut off at the end.

use serde::{Deserialize, Serialize};

use super::chain::{Hash, Head, Row};

/// Findings that are told one by one; the rest are counted.
const MOST: usize = 50;

/// A head that somebody else remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who: `seal`, or the name of a shell host.
    pub from: String,
    /// What.
    pub head: Head,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Finding {
    /// Rows are not there.
    Missing {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// This row was changed, or put in the place of another.
    Changed {
        /// Which.
        seq: i64,
    },
    /// This row is another than the one that was remembered elsewhere: it, or what stood before it, was written anew.
    Rewritten {
        /// Which.
        seq: i64,
        /// Who remembers it.
        by: String,
    },
    /// Rows that are remembered elsewhere are gone from the end.
    Truncated {
        /// How many rows there were.
        count: i64,
        /// How many are left.
        left: i64,
        /// Who remembers them.
        by: String,
    },
}

/// What the verifier found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Where the chain ends.
    pub head: Head,
    /// What is wrong, the first so many.
    pub findings: Vec<Finding>,
    /// How much is wrong in all.
    pub count: u64,
}

/// Checks one chain from its beginning.
#[derive(Debug)]
pub struct Verifier {
    known: Vec<Known>,
    /// The last row's place and stored hash; nothing where what is stored is no hash.
    last: (i64, Option<Hash>),
    findings: Vec<Finding>,
    count: u64,
}

impl Verifier {
    /// Begins, with what is remembered elsewhere.
    pub const fn new(known: Vec<Known>) -> Self {
        Self { known, last: (0, Some(Hash::NONE)), findings: Vec::new(), count: 0 }
    }

    /// Takes the next row.
    pub fn take(&mut self, row: &Row) {
        let (last, previous) = self.last;
        let stored = row.hash.parse::<Hash>().ok();
        if row.seq > last + 1 {
            self.find(Finding::Missing { from: last + 1, to: row.seq - 1 });
        } else if row.seq != last + 1 || stored.is_none() {
            self.find(Finding::Changed { seq: row.seq });
        } else if let Some(previous) = previous
            && stored != Some(row.hash_after(previous))
        {
            self.find(Finding::Changed { seq: row.seq });
        }
        let others: Vec<_> = self
            .known
            .iter()
            .filter(|known| known.head.count == row.seq && Some(known.head.hash) != stored)
            .map(|known| Finding::Rewritten { seq: row.seq, by: known.from.clone() })
            .collect();
        for finding in others {
            self.find(finding);
        }
        self.last = (row.seq, stored);
    }

    /// Ends, behind the last row.
    pub fn end(mut self) -> Findings {
        let (left, hash) = self.last;
        let cut: Vec<_> = self
            .known
            .iter()
            .filter(|known| known.head.count > left)
            .map(|known| Finding::Truncated { count: known.head.count, left, by: known.from.clone() })
            .collect();
        for finding in cut {
            self.find(finding);
        }
        let head = Head { count: left, hash: hash.unwrap_or(Hash::NONE) };
        Findings { head, findings: self.findings, count: self.count }
    }

    fn find(&mut self, finding: Finding) {
        self.count += 1;
        if self.findings.len() < MOST {
            self.findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<Row> {
        let mut previous = Hash::NONE;
        let make = |seq: i64| Row {
            seq,
            at: seq * 10,
            kind: "exec.started".to_owned(),
            actor: "{}".to_owned(),
            chat: None,
            run: None,
            subject: Some(format!("exc_{seq}")),
            data: "{}".to_owned(),
            hash: String::new(),
        };
        (1..=length)
            .map(|seq| {
                let mut row = make(seq);
                previous = row.hash_after(previous);
                row.hash = previous.to_string();
                row
            })
            .collect()
    }

    fn rehash(rows: &mut [Row]) {
        let mut previous = Hash::NONE;
        for (row, seq) in rows.iter_mut().zip(1..) {
            row.seq = seq;
            previous = row.hash_after(previous);
            row.hash = previous.to_string();
        }
    }

    fn head(rows: &[Row]) -> Head {
        let last = rows.last().unwrap();
        Head { count: last.seq, hash: last.hash.parse().unwrap() }
    }

    fn findings(rows: &[Row], known: Option<Head>) -> Vec<Finding> {
        let known = known.into_iter().map(|head| Known { from: "seal".to_owned(), head }).collect();
        let mut verifier = Verifier::new(known);
        for row in rows {
            verifier.take(row);
        }
        verifier.end().findings
    }

    #[test]
    fn h10_a_whole_chain_has_nothing_wrong_with_it() {
        let rows = chain(9);
        assert_eq!(findings(&rows, Some(head(&rows))), []);
        assert_eq!(findings(&rows, Some(head(&rows[..4]))), [], "an older head is a part of it");
        assert_eq!(findings(&[], None), []);
    }

    #[test]
    fn h10_an_edit_a_removal_an_insert_and_a_swap_are_found_where_they_are() {
        let whole = chain(9);
        let mut edited = whole.clone();
        edited[3].data = "{\"x\":1}".to_owned();
        assert_eq!(findings(&edited, None), [Finding::Changed { seq: 4 }]);
        let previous = edited[2].hash.parse().unwrap();
        edited[3].hash = edited[3].hash_after(previous).to_string();
        assert_eq!(findings(&edited, None), [Finding::Changed { seq: 5 }], "its own hash made to fit");

        let mut removed = whole.clone();
        removed.drain(3..5);
        assert_eq!(findings(&removed, None), [Finding::Missing { from: 4, to: 5 }]);
        for (row, seq) in removed.iter_mut().zip(1..) {
            row.seq = seq;
        }
        assert!(findings(&removed, None).contains(&Finding::Changed { seq: 4 }), "and numbered anew");

        let mut swapped = whole.clone();
        swapped.swap(3, 4);
        (swapped[3].seq, swapped[4].seq) = (4, 5);
        assert!(findings(&swapped, None).contains(&Finding::Changed { seq: 4 }));

        let mut inserted = whole.clone();
        inserted.insert(3, whole[3].clone());
        for (row, seq) in inserted.iter_mut().zip(1..) {
            row.seq = seq;
        }
        assert!(findings(&inserted, None).contains(&Finding::Changed { seq: 5 }));
    }

    #[test]
    fn h10_what_was_hashed_anew_or_cut_off_is_found_by_the_head_that_is_known_elsewhere() {
        let whole = chain(9);
        let known = Some(head(&whole));
        let by = || "seal".to_owned();
        let mut rewritten = whole.clone();
        rewritten[3].data = "{\"x\":1}".to_owned();
        rehash(&mut rewritten);
        assert_eq!(findings(&rewritten, None), [], "the chain alone can't know");
        assert_eq!(findings(&rewritten, known), [Finding::Rewritten { seq: 9, by: by() }]);
        assert_eq!(findings(&whole[..7], known), [Finding::Truncated { count: 9, left: 7, by: by() }]);
        assert_eq!(findings(&[], known), [Finding::Truncated { count: 9, left: 0, by: by() }]);
        let mut removed = whole.clone();
        removed.remove(3);
        rehash(&mut removed);
        assert_eq!(findings(&removed, known), [Finding::Truncated { count: 9, left: 8, by: by() }]);
    }

    #[test]
    fn a_stored_text_that_is_no_hash_is_found() {
        let mut rows = chain(3);
        rows[1].hash = "none".to_owned();
        assert_eq!(findings(&rows, None), [Finding::Changed { seq: 2 }]);
    }
}
