use super::*;
use std::collections::VecDeque;
use tokio::time::sleep;

/// What an answer does next.
enum Act {
    Say(&'static str),
    Nothing,
    Wait(u64),
    Fail,
    End(&'static str),
}

struct Script {
    acts: VecDeque<Act>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Growing for Script {
    async fn advance(&mut self, out: &mut BytesMut) -> Result<Progress, ApiError> {
        while let Some(Act::Wait(milliseconds)) = self.acts.front() {
            let time = Duration::from_millis(*milliseconds);
            self.waiting.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().await;
            self.waiting = None;
            self.acts.pop_front();
        }
        match self.acts.pop_front() {
            Some(Act::Say(text)) => out.extend_from_slice(text.as_bytes()),
            Some(Act::Fail) => return Err(ApiError::internal()),
            Some(Act::End(text)) => {
                out.extend_from_slice(text.as_bytes());
                return Ok(Progress::Over);
            }
            Some(Act::Nothing | Act::Wait(_)) => {}
            None => panic!("the script has an end"),
        }
        Ok(Progress::More)
    }

    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        out.extend_from_slice(error.code.as_bytes());
    }
}

fn pace() -> Pace {
    Pace::from(&Sse { commit_after_ms: 500, keep_alive_ms: 200 })
}

async fn played(acts: Vec<Act>) -> Result<String, ApiError> {
    let response = reply(Script { acts: acts.into(), waiting: None }, pace()).await?;
    Ok(response.into_body().into_string().await.expect("UTF-8"))
}

async fn check(acts: Vec<Act>, expected: &str) {
    let text = played(acts).await.expect("a reply");
    assert_eq!(text.replace(": keep-alive\n\n", "~"), expected);
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_before_the_first_frame_and_after_it_but_not_after_the_end() {
    use Act::{End, Nothing, Say, Wait};
    check(vec![Say("a"), End("z")], "az").await;
    // The status leaves after 500 ms, with a comment, and one more every 200 ms.
    check(vec![Wait(950), Say("a"), End("z")], "~~~az").await;
    check(vec![Say("a"), Wait(650), Say("b"), End("z")], "a~~~bz").await;
    // Steady frames need no comments, whenever the timer was set.
    let steady = (0..20).flat_map(|_| [Wait(150), Say("x")]).chain([End("z")]).collect();
    check(steady, &format!("{}z", "x".repeat(20))).await;
    // What comes and writes nothing is no sign of life to the client.
    let mute = [Say("a"), Wait(150), Nothing, Wait(150), Nothing, Wait(150), End("z")];
    check(mute.into(), "a~~z").await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_has_its_status_until_the_status_is_sent() {
    use Act::{Fail, Nothing, Say, Wait};
    assert!(played(vec![Fail]).await.is_err());
    assert!(played(vec![Nothing, Wait(400), Nothing, Fail]).await.is_err());
    check(vec![Wait(600), Fail], "~internal_error").await;
    check(vec![Say("a"), Fail], "ainternal_error").await;
}

#[test]
fn no_config_lets_a_stream_be_silent_for_longer_than_it_may() {
    let pace = Pace::from(&Sse { commit_after_ms: 0, keep_alive_ms: 60_000 });
    assert_eq!(pace.silence, LONGEST_SILENCE);
}
