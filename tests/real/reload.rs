//! SIGHUP: lists are read anew without losing a request, and a broken file changes nothing.

use std::fs;

use crate::helpers::app::sample_with;
use crate::helpers::{FLOWS, Neighbour};
use crate::process::{Gateway, eventually};

#[tokio::test]
async fn a_changed_list_takes_effect_and_a_broken_one_is_refused_as_a_whole() {
    let folder = std::env::temp_dir().join(format!("signup-gateway-lists-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let list = folder.join("free.txt");
    fs::write(&list, "free.example\n").unwrap();
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let path = list.to_str().unwrap();
    let gateway = Gateway::start(&studio, &siteverify, &[("SIGNUP__EMAIL__FREE_DOMAINS_FILE", path)]).await;

    let mut client = 0;
    let mut refuses = async |address: &str| {
        client += 1;
        let page = gateway.get("/signup/trial").await;
        let fields = sample_with(FLOWS[1], "email", address);
        let answer = gateway.submit(&page, &fields, &format!("203.0.113.{client}")).await.unwrap();
        answer.status == 422 && answer.fields_in_error() == ["email"]
    };
    assert!(refuses("jan@free.example").await);
    assert!(!refuses("jan@new.example").await);

    fs::write(&list, "free.example\nnew.example\n").unwrap();
    gateway.signal("HUP");
    eventually("the list is read anew", async || gateway.logged("reloaded") == 1).await;
    assert!(refuses("kim@new.example").await);

    fs::write(&list, "not a domain\n").unwrap();
    gateway.signal("HUP");
    eventually("the broken list is reported", async || gateway.logged("not reloaded") == 1).await;
    assert!(refuses("lee@new.example").await);
    fs::remove_dir_all(&folder).unwrap();
}
