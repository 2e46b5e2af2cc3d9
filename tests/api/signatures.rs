//! Who may ask. The signatures are made by `openssl dgst -sha256 -hmac`, the hashes by `md5sum`.

use reverb::api::{
    ApiError, Query,
    signature::{Clock, Signed, verify},
};

const NOW: u64 = 1_700_000_000;
const AUTH: &str = "auth_key=reverb-key&auth_timestamp=1700000000&auth_version=1.0";
const BODY: &[u8] = br#"{"name":"E","channels":["c"],"data":"{}"}"#;
const POSTED: &str = "4512373519ff23a06efe87daf58d64a773a9556fdc64ba162e8c1616ca63c927";
const GOT: &str = "56965dfca1843f914eb92b03df7a34ccd23e5952555bd8f3bebe446f9164a22a";

fn check(method: &str, path: &str, query: &str, body: &[u8]) -> Result<(), ApiError> {
    check_at(NOW, "", method, path, query, body)
}

fn check_at(
    now: u64,
    prefix: &str,
    method: &str,
    path: &str,
    query: &str,
    body: &[u8],
) -> Result<(), ApiError> {
    let query = Query::parse(query);
    let request = Signed {
        method,
        path,
        query: &query,
        body,
    };
    let clock = Clock {
        now,
        tolerance: Some(600),
    };
    verify(&request, ("reverb-key", "reverb-secret"), prefix, clock)
}

fn post(query: &str, body: &[u8]) -> Result<(), ApiError> {
    check("POST", "/apps/123456/events", query, body)
}

fn get(query: &str) -> Result<(), ApiError> {
    check("GET", "/apps/123456/channels", query, b"")
}

#[test]
fn the_example_of_pushers_documentation_is_right() {
    let query = Query::parse(
        "body_md5=ec365a775a4cd0599faeb73354201b6f&auth_version=1.0&auth_key=278d425bdf160c739803\
         &auth_timestamp=1353088179\
         &auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
    );
    let request = Signed {
        method: "POST",
        path: "/apps/3/events",
        query: &query,
        body: br#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#,
    };
    let pair = ("278d425bdf160c739803", "7ad3773142a6692b25b8");
    let clock = Clock {
        now: 1_353_088_179,
        tolerance: Some(0),
    };
    assert_eq!(verify(&request, pair, "", clock), Ok(()));
}

#[test]
fn the_hash_of_a_body_is_the_servers_own() {
    let signed = format!("{AUTH}&auth_signature={POSTED}");
    assert_eq!(post(&signed, BODY), Ok(()), "body_md5 need not be sent");
    assert_eq!(
        post(
            &format!("{signed}&body_md5=7319cb0d40d27db1ad17e51efb096aa6"),
            BODY
        ),
        Ok(())
    );
    assert_eq!(
        post(&format!("{signed}&body_md5=wrong"), BODY),
        Ok(()),
        "it is not believed either"
    );
    assert_eq!(
        post(&signed, b"{}"),
        Err(ApiError::SignatureInvalid),
        "another body"
    );
    assert_eq!(
        post(&signed, b""),
        Err(ApiError::SignatureInvalid),
        "no body"
    );
}

#[test]
fn an_empty_body_has_a_hash_if_the_client_sent_one() {
    assert_eq!(get(&format!("{AUTH}&auth_signature={GOT}")), Ok(()));
    let hashed = "821a55515489a6a80cc53c6350947aff5dbf14f9d43ccc72807bbb68fe26fc1f";
    let query = format!("{AUTH}&body_md5=d41d8cd98f00b204e9800998ecf8427e&auth_signature={hashed}");
    assert_eq!(get(&query), Ok(()));
}

#[test]
fn parameters_are_signed_as_sent_and_sorted_as_bytes() {
    let listed = "505e1dd5761023a513cfb19fc35af00bdd075d4088a120bbaece3ffd787b734f";
    let query =
        format!("info=user_count&auth_signature={listed}&{AUTH}&filter_by_prefix=presence-");
    assert_eq!(get(&query), Ok(()));
    // Dots stay, numbers sort as text, values are decoded, and Laravel's own names are no exception.
    let named = "2bfd348f788f0bd1850f83b1fdda86297282e25a0e9a6ec051cb25dbd791b01c";
    for value in ["x%20y", "x+y"] {
        let query = format!("9=a&10=b&a.b={value}&appId=1&{AUTH}&auth_signature={named}");
        assert_eq!(get(&query), Ok(()), "{query}");
    }
}

#[test]
fn lists_of_php_may_be_signed_joined() {
    // As `Pusher::get($path, ['info' => ['user_count', 'occupied']])` of the PHP library does.
    let joined = "61f583f75491dd56f5cda2cb6a6e5bb1a5c25fcd8137aaf8aeb2a79e7b4268b1";
    for list in [
        "info%5B0%5D=user_count&info%5B1%5D=occupied",
        "info[]=user_count&info[]=occupied",
        "info=user_count,occupied",
    ] {
        let query = format!("{list}&{AUTH}&auth_signature={joined}");
        assert_eq!(get(&query), Ok(()), "{list}");
    }
    let query = format!("info[=user_count,occupied&{AUTH}&auth_signature={joined}");
    assert_eq!(get(&query), Err(ApiError::SignatureInvalid));
}

#[test]
fn a_path_is_signed_as_it_is_sent() {
    let signature = "59de2533376644b0a3be9622a2517fb5286fad916f7ba8960713343317ac8a5e";
    let query = format!("{AUTH}&auth_signature={signature}");
    assert_eq!(
        check("GET", "/apps/123456/channels/a%2Fb", &query, b""),
        Ok(())
    );
    let refused = Err(ApiError::SignatureInvalid);
    assert_eq!(
        check("GET", "/apps/123456/channels/a/b", &query, b""),
        refused
    );
}

#[test]
fn a_prefix_may_be_signed_or_not() {
    let with = "713b1e85a0784ad6a6866c44ac8b131809d67db2836541f5b3004297eb3248e5";
    for signature in [with, POSTED] {
        let query = format!("{AUTH}&auth_signature={signature}");
        let path = "/ws/apps/123456/events";
        assert_eq!(check_at(NOW, "/ws", "POST", path, &query, BODY), Ok(()));
    }
    let query = format!("{AUTH}&auth_signature={POSTED}");
    let refused = Err(ApiError::SignatureInvalid);
    assert_eq!(
        check_at(NOW, "", "POST", "/ws/apps/123456/events", &query, BODY),
        refused
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let upper = GOT.to_uppercase();
    let other_key = "c962f2f0c3be2d23fed4c6ed8f877e07a9b4058eaa415a0610216d7f33fffc2f";
    let version_2 = "e7ea7ea094a1de00c19afff06496dcc84f2e526dc8134e1150c6f9a35486f2ac";
    for query in [
        String::new(),
        AUTH.to_owned(),
        format!("{AUTH}&auth_signature="),
        format!("{AUTH}&auth_signature={upper}"),
        format!("{AUTH}&auth_signature={}", &GOT[..63]),
        format!("{AUTH}&more=1&auth_signature={GOT}"),
        format!("{AUTH}&auth_signature[]={GOT}"),
        format!(
            "auth_key=other&auth_timestamp=1700000000&auth_version=1.0&auth_signature={other_key}"
        ),
        format!(
            "auth_key=reverb-key&auth_timestamp=1700000000&auth_version=2.0&auth_signature={version_2}"
        ),
    ] {
        assert_eq!(get(&query), Err(ApiError::SignatureInvalid), "{query}");
    }
    let query = format!("{AUTH}&auth_signature={GOT}");
    let refused = Err(ApiError::SignatureInvalid);
    assert_eq!(check("HEAD", "/apps/123456/channels", &query, b""), refused);
}

#[test]
fn a_signature_is_good_for_ten_minutes_both_ways() {
    let query = format!("{AUTH}&auth_signature={GOT}");
    let expired = || Err(ApiError::TimestampExpired { tolerance: 600 });
    for (now, expected) in [
        (NOW - 601, expired()),
        (NOW - 600, Ok(())),
        (NOW + 600, Ok(())),
        (NOW + 601, expired()),
    ] {
        let got = check_at(now, "", "GET", "/apps/123456/channels", &query, b"");
        assert_eq!(got, expected, "{now}");
    }
    let forever = Clock {
        now: NOW + 100_000,
        tolerance: None,
    };
    let request = Signed {
        method: "GET",
        path: "/apps/123456/channels",
        query: &Query::parse(&query),
        body: b"",
    };
    let pair = ("reverb-key", "reverb-secret");
    assert_eq!(verify(&request, pair, "", forever), Ok(()));
    let untimed = "5e23559f5a99f890d131e34e8e2fe21f7d24eb105cea2fde96a3a4bcfd5cc872";
    let query = format!("auth_key=reverb-key&auth_version=1.0&auth_signature={untimed}");
    assert_eq!(get(&query), expired());
}
