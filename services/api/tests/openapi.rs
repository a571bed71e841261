//! The contract: the committed document is what the code says. `UPDATE=1` writes it anew.

use std::path::Path;

#[test]
fn the_committed_document_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document = metatron_api::openapi::document();
    let made = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        made == committed,
        "openapi.json is stale: run `UPDATE=1 cargo test -p metatron-api --test openapi`"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_who_may_use_it() {
    let document = serde_json::to_value(metatron_api::openapi::document()).unwrap();
    let mut names = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(operation["security"].is_array(), "{method} {path} says nothing of who may use it");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!(document["openapi"], "3.1.0");
}
