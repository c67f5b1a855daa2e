//! The table of flows. A further flow is one new file and two lines here.

mod pro;
mod trial;

use super::flow::Flow;

/// Every flow, in the order of the plan chooser.
pub static FLOWS: &[&Flow] = &[&pro::PRO, &trial::TRIAL];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::signup::field::Kind;

    #[test]
    fn every_flow_has_a_slug_of_its_own_that_fits_a_route_a_label_and_a_turnstile_action() {
        let slugs: HashSet<_> = FLOWS.iter().map(|flow| flow.slug).collect();
        assert_eq!(slugs.len(), FLOWS.len());
        for slug in slugs {
            assert!((1..=32).contains(&slug.len()) && slug.bytes().all(|byte| byte.is_ascii_lowercase()), "{slug}");
        }
    }

    #[test]
    fn every_flow_asks_for_exactly_one_username_address_and_consent() {
        for flow in FLOWS {
            let count = |wanted: fn(&Kind) -> bool| flow.fields.iter().filter(|field| wanted(&field.kind)).count();
            assert_eq!(count(|kind| matches!(kind, Kind::Username)), 1, "{}", flow.slug);
            assert_eq!(count(|kind| matches!(kind, Kind::Email)), 1, "{}", flow.slug);
            assert_eq!(count(|kind| matches!(kind, Kind::Consent)), 1, "{}", flow.slug);
        }
    }

    #[test]
    fn every_field_stands_with_its_group_and_has_a_name_of_its_own() {
        for flow in FLOWS {
            assert!(flow.fields.is_sorted_by_key(|field| field.group), "{}", flow.slug);
            let names: HashSet<_> = flow.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), flow.fields.len(), "{}", flow.slug);
        }
    }

    #[test]
    fn every_sample_fills_every_field() {
        for flow in FLOWS {
            for field in flow.fields {
                assert!(flow.sample.iter().any(|(name, _)| *name == field.name), "{}: {}", flow.slug, field.name);
            }
        }
    }
}
