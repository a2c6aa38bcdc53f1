#![allow(missing_docs, clippy::all, clippy::pedantic)]
use withheld::protocol::withheld::*;
use withheld::rulebook::reading::*;
use withheld::run::clients::*;
use withheld::run::judged::*;
use withheld::scenario::file;
use withheld::scenario::habits::*;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::*;
use withheld::time::*;
use withheld::trace::sink::*;
fn run(s: &Scenario) -> (u64, Vec<String>, usize) {
    let j = Judging { reading: ReadingName::Strict, digest: DigestCheck::Free };
    let mut t = Trace::default();
    let r = run_one(&InWorld(References), s, j, &mut t);
    let mut v: Vec<String> = r
        .outcome
        .violations
        .iter()
        .filter(|v| v.severity == Severity::Violation && v.injected.is_none())
        .map(|v| {
            format!(
                "{}:{:?}",
                v.rule.id(),
                match v.party {
                    withheld::scenario::fault::Party::Device(d) => s.device_name(d).to_owned(),
                    o => format!("{o:?}"),
                }
            )
        })
        .collect();
    v.sort();
    v.dedup();
    (r.digest, v, t.facts().len())
}
fn files(p: &std::path::Path, o: &mut Vec<std::path::PathBuf>) {
    for e in std::fs::read_dir(p).unwrap() {
        let e = e.unwrap().path();
        if e.is_dir() {
            files(&e, o)
        } else if e.extension().is_some_and(|x| x == "json") {
            o.push(e)
        }
    }
}
fn main() {
    let only: Vec<String> = std::env::args().skip(2).collect();
    let mut fs = vec![];
    files(std::path::Path::new(&std::env::args().nth(1).unwrap()), &mut fs);
    fs.sort();
    let changes: Vec<(&str, fn(&mut Habits))> = vec![
        ("withheld_dedup=WithheldDedup::SessionDeviceCode", |h| {
            h.withheld_dedup = WithheldDedup::SessionDeviceCode
        }),
        ("withheld_dedup=WithheldDedup::RoomDevice", |h| {
            h.withheld_dedup = WithheldDedup::RoomDevice
        }),
        ("withheld_dedup=WithheldDedup::SessionUser", |h| {
            h.withheld_dedup = WithheldDedup::SessionUser
        }),
        ("withheld_dedup=WithheldDedup::None", |h| h.withheld_dedup = WithheldDedup::None),
        ("mark_when=MarkWhen::BeforeSend", |h| h.mark_when = MarkWhen::BeforeSend),
        ("marks_persist=false", |h| h.marks_persist = false),
        ("marks_by=MarksBy::DeviceId", |h| h.marks_by = MarksBy::DeviceId),
        ("notice_type=NoticeType::Unstable", |h| h.notice_type = NoticeType::Unstable),
        ("notice_type=NoticeType::Misspelt", |h| h.notice_type = NoticeType::Misspelt),
        ("notice_type=NoticeType::NoKey", |h| h.notice_type = NoticeType::NoKey),
        ("unstable_type_too=true", |h| h.unstable_type_too = true),
        ("notice_names=NoticeNames::Session", |h| h.notice_names = NoticeNames::Session),
        ("notice_names=NoticeNames::Room", |h| h.notice_names = NoticeNames::Room),
        ("notice_names=NoticeNames::Neither", |h| h.notice_names = NoticeNames::Neither),
        ("notice_code=NoticeCode::LeftOut", |h| h.notice_code = NoticeCode::LeftOut),
        ("notice_code=NoticeCode::Unverified", |h| h.notice_code = NoticeCode::Unverified),
        ("notice_code=NoticeCode::Unavailable", |h| h.notice_code = NoticeCode::Unavailable),
        ("notice_code=NoticeCode::HistoryNotShared", |h| {
            h.notice_code = NoticeCode::HistoryNotShared
        }),
        ("notice_reason=NoticeReason::Code", |h| h.notice_reason = NoticeReason::Code),
        ("notice_session=NoticeSession::Previous", |h| h.notice_session = NoticeSession::Previous),
        ("notice_session=NoticeSession::Discarded", |h| {
            h.notice_session = NoticeSession::Discarded
        }),
        ("notice_targets=NoticeTargets::Everyone", |h| h.notice_targets = NoticeTargets::Everyone),
        ("withheld_at_creation_only=true", |h| h.withheld_at_creation_only = true),
        ("opt_out=OptOut::Ignored", |h| h.opt_out = OptOut::Ignored),
        ("opt_out=OptOut::NoKeys", |h| h.opt_out = OptOut::NoKeys),
        ("skips_unencrypted=false", |h| h.skips_unencrypted = false),
        ("policy_before_olm=false", |h| h.policy_before_olm = false),
        ("no_olm_dedup=NoOlmDedup::RoomDevice", |h| h.no_olm_dedup = NoOlmDedup::RoomDevice),
        ("no_olm_dedup=NoOlmDedup::SessionDevice", |h| h.no_olm_dedup = NoOlmDedup::SessionDevice),
        ("no_olm_dedup=NoOlmDedup::None", |h| h.no_olm_dedup = NoOlmDedup::None),
        ("no_olm_dedup=NoOlmDedup::NeverSent", |h| h.no_olm_dedup = NoOlmDedup::NeverSent),
        ("no_olm_reset=NoOlmReset::Never", |h| h.no_olm_reset = NoOlmReset::Never),
        ("no_olm_reset=NoOlmReset::AnyClaim", |h| h.no_olm_reset = NoOlmReset::AnyClaim),
        ("no_olm_reset=NoOlmReset::Rotation", |h| h.no_olm_reset = NoOlmReset::Rotation),
        ("no_olm_persists=false", |h| h.no_olm_persists = false),
        ("no_olm_names_session=true", |h| h.no_olm_names_session = true),
        ("reports_first_failure=true", |h| h.reports_first_failure = true),
        ("missing_olm=MissingOlm::MarkShared", |h| h.missing_olm = MissingOlm::MarkShared),
        ("put_failed=PutFailed::RetryNewTxn", |h| h.put_failed = PutFailed::RetryNewTxn),
        ("put_failed=PutFailed::Swallow", |h| h.put_failed = PutFailed::Swallow),
        ("message_waits=false", |h| h.message_waits = false),
        ("counts_queued_keys=false", |h| h.counts_queued_keys = false),
        ("unblock_index=UnblockIndex::Zero", |h| h.unblock_index = UnblockIndex::Zero),
        ("unblock_index=UnblockIndex::AfterNext", |h| h.unblock_index = UnblockIndex::AfterNext),
        ("unblock_index=UnblockIndex::Never", |h| h.unblock_index = UnblockIndex::Never),
        ("newcomer_index=NewcomerIndex::Zero", |h| h.newcomer_index = NewcomerIndex::Zero),
        ("reshare_index=ReshareIndex::Next", |h| h.reshare_index = ReshareIndex::Next),
        ("rotate_on_block=false", |h| h.rotate_on_block = false),
        ("withheld_looks_shared=true", |h| h.withheld_looks_shared = true),
        ("needless_rotation=NeedlessRotation::Join", |h| {
            h.needless_rotation = NeedlessRotation::Join
        }),
        ("needless_rotation=NeedlessRotation::NewDevice", |h| {
            h.needless_rotation = NeedlessRotation::NewDevice
        }),
        ("needless_rotation=NeedlessRotation::Restart", |h| {
            h.needless_rotation = NeedlessRotation::Restart
        }),
        ("leave_rotates=LeaveRotates::KeyHolders", |h| h.leave_rotates = LeaveRotates::KeyHolders),
        ("limited_sync_rotates=false", |h| h.limited_sync_rotates = false),
        ("messages_over_limit=1", |h| h.messages_over_limit = 1),
        ("rotation_period_min=SimDuration::from_hours(1)", |h| {
            h.rotation_period_min = SimDuration::from_hours(1)
        }),
        ("identity_change_stops=false", |h| h.identity_change_stops = false),
        ("query_answers=QueryAnswers::LastWins", |h| h.query_answers = QueryAnswers::LastWins),
        ("choose_olm=ChooseOlm::NewestCreated", |h| h.choose_olm = ChooseOlm::NewestCreated),
        ("choose_olm=ChooseOlm::OldestCreated", |h| h.choose_olm = ChooseOlm::OldestCreated),
        ("sees_inbound_olm=false", |h| h.sees_inbound_olm = false),
        ("accepts_fallback_keys=false", |h| h.accepts_fallback_keys = false),
        ("olm_sessions_max=1", |h| h.olm_sessions_max = 1),
        ("inbound_olm_per_hour=1", |h| h.inbound_olm_per_hour = 1),
        ("unwedge_interval=SimDuration::ZERO", |h| h.unwedge_interval = SimDuration::ZERO),
        ("unwedge_clock=UnwedgeClock::NewestSession", |h| {
            h.unwedge_clock = UnwedgeClock::NewestSession
        }),
        ("unwedge_clock=UnwedgeClock::OldestSession", |h| {
            h.unwedge_clock = UnwedgeClock::OldestSession
        }),
        ("unwedge_clock=UnwedgeClock::LastFailure", |h| {
            h.unwedge_clock = UnwedgeClock::LastFailure
        }),
        ("unwedge_clock=UnwedgeClock::LastMadeForUser", |h| {
            h.unwedge_clock = UnwedgeClock::LastMadeForUser
        }),
        ("unwedge_clock=UnwedgeClock::ThisRun", |h| h.unwedge_clock = UnwedgeClock::ThisRun),
        ("unwedge_clock=UnwedgeClock::OnceARun", |h| h.unwedge_clock = UnwedgeClock::OnceARun),
        ("unwedge_clock=UnwedgeClock::Never", |h| h.unwedge_clock = UnwedgeClock::Never),
        ("unwedge_needs_session=true", |h| h.unwedge_needs_session = true),
        ("no_olm_answer=NoOlmAnswer::WithoutSession", |h| {
            h.no_olm_answer = NoOlmAnswer::WithoutSession
        }),
        ("no_olm_answer=NoOlmAnswer::Always", |h| h.no_olm_answer = NoOlmAnswer::Always),
        ("failed_pre_key_uses_key=true", |h| h.failed_pre_key_uses_key = true),
        ("token_before_store=true", |h| h.token_before_store = true),
        ("forward_to=ForwardTo::OwnVerifiedAndGiven", |h| {
            h.forward_to = ForwardTo::OwnVerifiedAndGiven
        }),
        ("forward_to=ForwardTo::Own", |h| h.forward_to = ForwardTo::Own),
        ("forward_to=ForwardTo::Anyone", |h| h.forward_to = ForwardTo::Anyone),
        ("forwarded_reason=ForwardedReason::Never", |h| {
            h.forwarded_reason = ForwardedReason::Never
        }),
        ("forwarded_reason=ForwardedReason::Always", |h| {
            h.forwarded_reason = ForwardedReason::Always
        }),
        ("forwarded_reason=ForwardedReason::Invented", |h| {
            h.forwarded_reason = ForwardedReason::Invented
        }),
        ("heeds_cancellations=false", |h| h.heeds_cancellations = false),
        ("reply_code=ReplyCode::Unavailable", |h| h.reply_code = ReplyCode::Unavailable),
        ("replies_to_own=CodeSet::NONE", |h| h.replies_to_own = CodeSet::NONE),
        ("replies_to_others=CodeSet::NONE", |h| h.replies_to_others = CodeSet::NONE),
        ("on_withheld=OnWithheld::RefuseKeys", |h| h.on_withheld = OnWithheld::RefuseKeys),
        ("on_withheld=OnWithheld::DropKey", |h| h.on_withheld = OnWithheld::DropKey),
        ("on_withheld=OnWithheld::BlameAlways", |h| h.on_withheld = OnWithheld::BlameAlways),
        ("on_withheld=OnWithheld::ForgetWithKey", |h| h.on_withheld = OnWithheld::ForgetWithKey),
        ("on_withheld=OnWithheld::Ignore", |h| h.on_withheld = OnWithheld::Ignore),
        ("notice_sender=NoticeSender::KeyOwner", |h| h.notice_sender = NoticeSender::KeyOwner),
        ("notice_sender=NoticeSender::Anyone", |h| h.notice_sender = NoticeSender::Anyone),
        ("notice_conflict=NoticeConflict::Last", |h| h.notice_conflict = NoticeConflict::Last),
        ("notice_conflict=NoticeConflict::First", |h| h.notice_conflict = NoticeConflict::First),
        ("notice_scope=NoticeScope::Sender", |h| h.notice_scope = NoticeScope::Sender),
        ("no_olm_scope=NoOlmScope::User", |h| h.no_olm_scope = NoOlmScope::User),
        ("no_olm_scope=NoOlmScope::Everyone", |h| h.no_olm_scope = NoOlmScope::Everyone),
        ("no_olm_filed=NoOlmFiled::BySession", |h| h.no_olm_filed = NoOlmFiled::BySession),
        ("unavailable=Unavailable::KeptFromOthers", |h| {
            h.unavailable = Unavailable::KeptFromOthers
        }),
        ("unavailable=Unavailable::Dropped", |h| h.unavailable = Unavailable::Dropped),
        ("late_notice_updates=false", |h| h.late_notice_updates = false),
        ("key_replacement=KeyReplacement::Later", |h| h.key_replacement = KeyReplacement::Later),
        ("claim_backoff_first=SimDuration::from_secs(60)", |h| {
            h.claim_backoff_first = SimDuration::from_secs(60)
        }),
        ("claim_backoff_max=SimDuration::from_secs(20)", |h| {
            h.claim_backoff_max = SimDuration::from_secs(20)
        }),
        ("targets_per_put=1", |h| h.targets_per_put = 1),
    ];
    let sch: Vec<(&str, fn(&mut ServerHabits))> = vec![
        ("one_time_keys=OneTimeKeyUse::Again", |h| h.one_time_keys = OneTimeKeyUse::Again),
        ("one_time_key_order=OneTimeKeyOrder::NewestFirst", |h| {
            h.one_time_key_order = OneTimeKeyOrder::NewestFirst
        }),
        ("gives_fallback_keys=false", |h| h.gives_fallback_keys = false),
        ("mailbox=MailboxOrder::NewestFirst", |h| h.mailbox = MailboxOrder::NewestFirst),
        ("mailbox=MailboxOrder::DropsRest", |h| h.mailbox = MailboxOrder::DropsRest),
    ];
    let mut found: std::collections::BTreeMap<String, Vec<(usize, String)>> = Default::default();
    for f in &fs {
        let t = std::fs::read(f).unwrap();
        let Ok(of) = file::read_bytes(&t, &Limits::FILES) else {
            eprintln!("bad {f:?}");
            let s = String::from_utf8_lossy(&t).to_string();
            if let Err(p) = file::read(&s, &Limits::FILES) {
                eprintln!("{}", file::render(&p, "f", &s));
            }
            continue;
        };
        if of.devices.len() > 12 {
            continue;
        }
        for d in 0..of.devices.len() {
            let mut base = of.clone();
            base.devices[d].habits = Habits::specification();
            let (dg, v, n) = run(&base);
            if !v.is_empty() {
                if fs.len() < 60 {
                    eprintln!("{f:?} usual breaks {v:?}");
                }
                continue;
            }
            for (name, ch) in &changes {
                if !only.is_empty() && !only.iter().any(|o| name.starts_with(o.as_str())) {
                    continue;
                }
                let mut s = base.clone();
                ch(&mut s.devices[d].habits);
                let (g, v, _) = run(&s);
                if g != dg {
                    found
                        .entry(name.to_string())
                        .or_default()
                        .push((n, format!("{} {} {:?}", f.display(), of.devices[d].name, v)));
                }
            }
        }
        for d in 0..of.servers.len() {
            let (dg, v, n) = run(&of);
            if !v.is_empty() {
                continue;
            }
            for (name, ch) in &sch {
                if !only.is_empty() && !only.iter().any(|o| name.starts_with(o.as_str())) {
                    continue;
                }
                let mut s = of.clone();
                ch(&mut s.servers[d].habits);
                let (g, v, _) = run(&s);
                if g != dg {
                    found
                        .entry(name.to_string())
                        .or_default()
                        .push((n, format!("{} {} {:?}", f.display(), of.servers[d].name, v)));
                }
            }
        }
    }
    for (name, _) in &changes {
        p(name, &mut found, &only);
    }
    for (name, _) in &sch {
        p(name, &mut found, &only);
    }
}
fn p(
    name: &str,
    found: &mut std::collections::BTreeMap<String, Vec<(usize, String)>>,
    only: &[String],
) {
    if !only.is_empty() && !only.iter().any(|o| name.starts_with(o.as_str())) {
        return;
    }
    match found.get_mut(name) {
        None => println!("{name}\tNONE"),
        Some(l) => {
            l.sort_by_key(|(n, s)| (s.ends_with("[]"), *n));
            println!("{name}\t{}\t{}\t{}", l.len(), l[0].0, l[0].1);
            if !only.is_empty() {
                for x in l.iter().skip(1).take(4) {
                    println!("    {} {}", x.0, x.1);
                }
            }
        }
    }
}
