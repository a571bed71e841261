//! The judge held against the policy's text: tables of commands by area, and what must hold for every command.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod effect;
mod everyday;
mod hostile;
mod oracle;
mod property;
mod rig;
mod wrap;

use rig::hold;

/// A, P1.
#[test]
fn a_tools_that_only_read_run_without_a_question() {
    hold(include_str!("table/read.txt"));
}

/// A, P1, I9, I13.
#[test]
fn a_listed_options_run_and_others_ask() {
    hold(include_str!("table/listed.txt"));
}

/// A, P1, I9.
#[test]
fn a_searches_run_where_they_reach_no_secrets() {
    hold(include_str!("table/search.txt"));
}

/// A, I7, I11.
#[test]
fn a_only_the_plainest_grammar_runs() {
    hold(include_str!("table/grammar.txt"));
}

/// A, I12, I15.
#[test]
fn a_programs_that_are_not_in_the_table_ask() {
    hold(include_str!("table/program.txt"));
}

/// A.
#[test]
fn a_secrets_devices_and_what_holds_them_ask() {
    hold(include_str!("table/sensitive.txt"));
}

/// D1, I14.
#[test]
fn d1_recursive_change_of_everything_is_denied() {
    hold(include_str!("table/delete.txt"));
}

/// D2, D3.
#[test]
fn d2_d3_devices_power_signals_and_bombs_are_denied() {
    hold(include_str!("table/danger.txt"));
}

/// D4.
#[test]
fn d4_protected_paths_are_denied() {
    hold(include_str!("table/protected.txt"));
}

/// D5, D6.
#[test]
fn d5_d6_the_network_never_becomes_a_program() {
    hold(include_str!("table/network.txt"));
}

/// I7, I8, I10.
#[test]
fn i8_deny_looks_inside_everything() {
    hold(include_str!("table/inside.txt"));
}

/// P1: what an agent writes on an ordinary day.
#[test]
fn p1_lines_of_an_agent_are_judged_as_the_text_says() {
    hold(include_str!("table/agent.txt"));
}

/// P1, I8: what somebody writes who wants to get past the judge.
#[test]
fn p1_lines_of_an_attacker_are_judged_as_the_text_says() {
    hold(include_str!("table/attack.txt"));
}

/// P1, I8: what an outside examiner would have denied, and what lies close to it.
#[test]
fn p1_lines_of_an_examiner_are_judged_as_the_text_says() {
    hold(include_str!("table/examiner.txt"));
    hold(include_str!("table/neighbour.txt"));
}

/// P1, I8: what people wrote who knew the policy's text alone, the verdict first.
#[test]
fn p1_lines_of_outsiders_are_judged_as_the_text_says() {
    hold(include_str!("table/outsider.txt"));
    hold(include_str!("table/stranger.txt"));
    hold(include_str!("table/visitor.txt"));
}

/// M.
#[test]
fn m_malformed_is_denied_and_what_does_not_parse_asks() {
    hold(include_str!("table/malformed.txt"));
}
