use super::*;
use proptest::prelude::*;
use std::collections::BinaryHeap;

fn left(left: u64) -> Said {
    Said { left: Some(left), ..Said::default() }
}

#[test]
fn headers_are_read() {
    let with = |pairs: &'static [(&'static str, &'static str)]| {
        said(move |name| pairs.iter().find(|own| own.0 == name).map(|own| own.1.to_owned()))
    };
    assert_eq!(
        with(&[
            ("x-ms-ratelimit-remaining-subscription-reads", "249"),
            ("x-ms-ratelimit-remaining-subscription-global-reads", "3749")
        ])
        .left,
        Some(249)
    );
    let graph = with(&[("x-ms-user-quota-remaining", "0"), ("x-ms-user-quota-resets-after", "00:00:05")]);
    assert_eq!((graph.left, graph.resets), (Some(0), Some(Duration::from_secs(5))));
    for wrong in ["soon", "-1:0:0", "1:2", "99999999999999999999:0:0", "NaN:0:0", "inf:0:0"] {
        assert_eq!(said(|name| name.ends_with("after").then(|| wrong.to_owned())).resets, None, "{wrong}");
    }
    assert_eq!(with(&[("x-ms-throttle-limit-percentage", "0.9")]).used, Some(0.9));
}

#[test]
fn a_refusal_holds_the_bucket_and_halves_its_window_once() {
    let mut quota = Quota::new(64);
    let now = Instant::now();
    for _ in 0..START {
        assert_eq!(quota.turn(&Bucket::Tenant, now), Turn::Go);
    }
    assert_eq!(quota.turn(&Bucket::Tenant, now), Turn::Full);
    let refused = Said { refused: Some(Duration::from_secs(7)), ..Said::default() };
    for _ in 0..START {
        quota.over(&Bucket::Tenant, now, Some(refused), now);
    }
    assert_eq!(quota.turn(&Bucket::Tenant, now), Turn::Wait(Duration::from_secs(7)));
    assert_eq!(quota.turn(&Bucket::Graph, now), Turn::Go, "another bucket has nothing to do with it");
    let later = now + Duration::from_secs(8);
    let running = (0..START).take_while(|_| quota.turn(&Bucket::Tenant, later) == Turn::Go).count();
    assert_eq!(running, 4);
}

#[test]
fn microsoft_graph_is_asked_less_before_it_refuses() {
    let mut quota = Quota::new(64);
    let now = Instant::now();
    let go = |quota: &mut Quota| (0..64).take_while(|_| quota.turn(&Bucket::Graph, now) == Turn::Go).count();
    assert_eq!(go(&mut quota), 8);
    quota.over(&Bucket::Graph, now, Some(Said { used: Some(0.85), ..Said::default() }), now);
    for _ in 0..7 {
        quota.over(&Bucket::Graph, now, Some(Said::default()), now);
    }
    assert!(go(&mut quota) < 8);
}

/// An Azure with a limit, and a client with more to ask than that.
struct Far {
    /// Tokens in the bucket, and how many come each second.
    bucket: f64,
    capacity: f64,
    refill: f64,
    /// A window of time instead: how many calls in how many milliseconds.
    window: Option<(u64, u64)>,
    latency: u64,
}

impl Far {
    fn arm(bucket: f64, refill: f64, latency: u64) -> Self {
        Self { bucket, capacity: 250.0, refill, window: None, latency }
    }

    /// Makes that many calls; how many seconds it took, and how many were refused.
    fn run(mut self, calls: u32, most: u32) -> (f64, u32) {
        let (mut quota, start) = (Quota::new(most), Instant::now());
        let name = Bucket::Subscription("s".to_owned());
        let (mut asked, mut refused, mut now, mut used, mut began) = (calls, 0, 0u64, 0u64, 0u64);
        let mut running: BinaryHeap<std::cmp::Reverse<(u64, u64, u32)>> = BinaryHeap::new();
        let mut answers: Vec<(Said, bool)> = Vec::new();
        let at = |ms: u64| start + Duration::from_millis(ms);
        while asked > 0 || !running.is_empty() {
            now += 1;
            self.bucket = (self.bucket + self.refill / 1000.0).min(self.capacity);
            while running.peek().is_some_and(|own| own.0.0 <= now) {
                let std::cmp::Reverse((_, began, ix)) = running.pop().unwrap();
                let (said, fine) = answers[ix as usize];
                quota.over(&name, at(began), Some(said), at(now));
                asked += u32::from(!fine);
                refused += u32::from(!fine);
            }
            while asked > 0 && quota.turn(&name, at(now)) == Turn::Go {
                asked -= 1;
                let answer = if let Some((most, length)) = self.window {
                    if now >= began + length {
                        (used, began) = (0, now);
                    }
                    let resets = Some(Duration::from_millis(began + length - now));
                    used += 1;
                    let refused = if used > most { resets } else { None };
                    (
                        Said { left: Some(most.saturating_sub(used)), resets, refused, used: None },
                        used <= most,
                    )
                } else if self.bucket >= 1.0 {
                    self.bucket -= 1.0;
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "250 at most"
                    )]
                    (left(self.bucket as u64), true)
                } else {
                    (Said { left: Some(0), refused: Some(Duration::from_secs(1)), ..Said::default() }, false)
                };
                answers.push(answer);
                let ix = u32::try_from(answers.len() - 1).unwrap();
                running.push(std::cmp::Reverse((now + self.latency, now, ix)));
            }
            assert!(now < 10_000_000, "it never ends");
        }
        (f64::from(u32::try_from(now).unwrap()) / 1000.0, refused)
    }
}

/// What the project promises: within 1.2 times of what the quota itself allows, and nothing refused.
#[test]
fn a_bucket_is_used_up_to_its_limit_and_not_beyond() {
    for latency in [20, 50, 200, 500] {
        let (took, refused) = Far::arm(250.0, 25.0, latency).run(5000, 32);
        let least = (5000.0 - 250.0) / 25.0;
        assert_eq!(refused, 0, "at {latency} ms");
        assert!(took <= least * 1.1, "{took} s for {least} s at {latency} ms");
    }
}

#[test]
fn a_bucket_that_others_use_too_is_found_out() {
    for (refill, latency) in [(5.0, 50), (12.0, 100), (40.0, 50)] {
        let (took, refused) = Far::arm(250.0, refill, latency).run(2000, 32);
        let least = (2000.0 - 250.0) / refill;
        assert_eq!(refused, 0, "at {refill} a second");
        assert!(took <= least * 1.2, "{took} s for {least} s at {refill} a second");
    }
    let (_, refused) = Far::arm(0.0, 25.0, 50).run(1000, 32);
    assert!(refused <= START, "{refused}: only those that started before anything was known");
}

#[test]
fn a_window_of_time_is_used_up_and_waited_for() {
    for latency in [50, 300] {
        let far = Far { window: Some((15, 5000)), ..Far::arm(0.0, 0.0, latency) };
        let (took, refused) = far.run(300, 32);
        assert_eq!(refused, 0, "at {latency} ms");
        assert!(took <= 300.0 / 3.0 * 1.1, "{took} s at {latency} ms");
    }
}

proptest! {
    /// Whatever Azure says, no more than allowed run at once, and a bucket never stays shut.
    #[test]
    fn it_never_runs_too_many_and_never_starves(
        steps in proptest::collection::vec((0u8..6, 0u64..300, 0u64..20), 1..200), most in 1u32..100,
    ) {
        let (mut quota, mut now, mut running) = (Quota::new(most), Instant::now(), 0u32);
        for (step, number, seconds) in steps {
            now += Duration::from_millis(number);
            if step == 0 || running == 0 {
                if quota.turn(&Bucket::Tenant, now) == Turn::Go { running += 1; }
            } else {
                let wait = Some(Duration::from_secs(seconds));
                let said = match step {
                    1 => Some(left(number)),
                    2 => Some(Said { refused: wait, ..Said::default() }),
                    3 => Some(Said { resets: wait, ..left(number % 20) }),
                    4 => Some(Said { used: Some(1.2), ..Said::default() }),
                    _ => None,
                };
                quota.over(&Bucket::Tenant, now, said, now);
                running -= 1;
            }
            prop_assert!(running <= most);
        }
        for _ in 0..running { quota.over(&Bucket::Tenant, now, Some(Said::default()), now); }
        prop_assert_eq!(quota.turn(&Bucket::Tenant, now + Duration::from_mins(1)), Turn::Go);
    }
}
