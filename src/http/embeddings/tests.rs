use super::*;
use crate::http::json::parse;

fn check(body: &str, expected: EmbeddingInput) {
    let request: CreateEmbeddingRequest = parse(body.as_bytes()).expect("a valid request");
    assert_eq!(input(request.input).expect("accepted"), expected, "{body}");
}

#[test]
fn every_form_of_input_is_read() {
    let texts =
        |texts: &[&str]| EmbeddingInput::Texts(texts.iter().map(|t| (*t).to_owned()).collect());
    check(r#"{"input":"a"}"#, texts(&["a"]));
    check(r#"{"input":["a","b"],"encoding_format":null,"dimensions":null}"#, texts(&["a", "b"]));
    check(r#"{"input":[1,2]}"#, EmbeddingInput::Tokens(vec![vec![1, 2]]));
    check(r#"{"input":[[1],[2,3]]}"#, EmbeddingInput::Tokens(vec![vec![1], vec![2, 3]]));
}

#[test]
fn wrong_input_says_where_and_why() {
    let refused = |body: &str| {
        let request = parse::<CreateEmbeddingRequest>(body.as_bytes());
        let error = request.and_then(|request| input(request.input)).expect_err("must be refused");
        (error.code, error.param.expect("a place"), error.message)
    };
    for (body, code, param, text) in [
        ("{}", "missing_required_parameter", "input", "'input'"),
        (r#"{"input":5}"#, "invalid_type", "input", "expected a string, an array"),
        (r#"{"input":null}"#, "invalid_type", "input", "expected a string, an array"),
        (r#"{"input":["a",1]}"#, "invalid_value", "input", "mixed kinds"),
        (r#"{"input":[-1]}"#, "invalid_type", "input[0]", "a token id"),
        (r#"{"input":[]}"#, "invalid_value", "input", "at least one"),
        (r#"{"input":["a",""]}"#, "invalid_value", "input", "entry 1"),
        (r#"{"input":[[]]}"#, "invalid_value", "input", "entry 0"),
        (r#"{"input":"a","encoding_format":"hex"}"#, "unsupported_value", "encoding_format", "hex"),
    ] {
        let (got_code, got_param, message) = refused(body);
        assert_eq!((got_code, got_param.as_str()), (code, param), "{body}: {message}");
        assert!(message.contains(text), "{body}: {message}");
    }
    let many = format!(r#"{{"input":[{}]}}"#, vec!["\"a\""; MAX_INPUTS + 1].join(","));
    assert!(refused(&many).2.contains("2049"));
}

#[test]
fn base64_is_little_endian_floats() {
    assert_eq!(base64(&[1.0, -2.0]), "AACAPwAAAMA=");
}
