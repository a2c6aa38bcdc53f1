//! The command `conform`: what it prints, what it saves, what it exits with.

use std::ffi::OsString;

use withheld_matrix_sdk::conform;

use crate::repository;

fn run(args: &[&str]) -> (u8, String, String) {
    let args = std::iter::once("conform").chain(args.iter().copied()).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = conform::main(args, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn a_report_counts_rules_and_saves_small_rooms() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().to_str().unwrap();
    let path = repository("scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json");
    let path = path.to_str().unwrap();
    let page = folder.path().join("page.html");
    let html = page.to_str().unwrap();
    let args = [path, "--rooms", "2", "--limit", "60", "--json", "--save", save, "--html", html];
    let (code, out, err) = run(&args);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let read = |out: &str| {
        let mut report: serde_json::Value = serde_json::from_str(out).unwrap();
        let time = report["time_ms"].take();
        assert!(time["client"].as_u64().unwrap() > 0, "{time}");
        report
    };
    let report = read(&out);
    assert_eq!(report["rooms"], 5, "the file in three roles; two generated rooms");
    let rule = |id: &str| {
        let all = report["rules"].as_array().unwrap();
        all.iter().find(|rule| rule["rule"] == id).unwrap().clone()
    };
    assert_eq!(rule("P-15")["standing"], "broken");
    assert_eq!(rule("T-10")["standing"], "glue");
    assert_eq!(rule("V-05")["standing"], "not decidable");
    assert_eq!(rule("C-01")["standing"], "of others");
    assert_eq!(rule("P-15")["by_role"]["both"], "broken");
    assert_eq!(rule("P-15")["by_role"]["recipient"], "broken");
    assert_ne!(rule("P-15")["by_role"]["sender"], "broken");
    let findings = report["findings"].as_array().unwrap();
    let p15 = findings.iter().find(|finding| finding["rule"] == "P-15").unwrap();
    assert_eq!(p15["devices"].as_array().unwrap().len(), 1, "the recipient alone: {p15}");
    assert!(folder.path().join("p-15.json").is_file());
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("page-rooms/p-15.html") && !page.contains("<script"), "{page}");
    assert!(!page.contains("\\u{a}"), "lines are lines: {page}");
    let room = std::fs::read_to_string(folder.path().join("page-rooms/p-15.html")).unwrap();
    assert!(room.contains("id=\"data\""), "the room has its picture");
    let again = run(&args);
    assert_eq!(read(&again.1), report, "the same rooms give the same report");
}

#[test]
fn bad_arguments_and_bad_files_are_told() {
    assert_eq!(run(&["--rooms", "many"]).0, 3);
    let (code, _, err) = run(&["nowhere.json", "--rooms", "0"]);
    assert_eq!(code, 3);
    assert!(err.contains("nowhere.json"), "{err}");
    assert_eq!(run(&["--help"]).0, 0);
}
