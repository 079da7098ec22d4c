//! Which port and addresses the gateway listens on.

use super::{Bind, Env, Error, Gateway, Paths};
use std::net::IpAddr;

/// What the command line says about the listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListenFlags {
    /// `--port`.
    pub port: Option<u16>,
    /// `--bind`.
    pub bind: Option<Bind>,
}

/// The listener as decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// TCP port.
    pub port: u16,
    /// Which addresses.
    pub bind: Bind,
    /// The address for [`Bind::Custom`].
    pub custom_host: Option<IpAddr>,
}

/// Decides on the listener: flag, then `OPENCLAW_GATEWAY_PORT`, then config, then default.
///
/// # Errors
/// [`Error::Setting`] when the variable is needed and no port number, [`Error::NoCustomHost`] for
/// a custom bind without an address.
pub fn listen(
    flags: ListenFlags,
    env: &Env,
    gateway: &Gateway,
    paths: &Paths,
) -> Result<Listen, Error> {
    let port = match (flags.port, env.get("OPENCLAW_GATEWAY_PORT")) {
        (Some(port), _) => port,
        (None, Some(text)) => port_number(text)?,
        (None, None) => gateway.port.unwrap_or_else(|| paths.default_port()),
    };
    let bind = flags.bind.or(gateway.bind).unwrap_or(Bind::Loopback);
    if bind == Bind::Custom && gateway.custom_bind_host.is_none() {
        return Err(Error::NoCustomHost);
    }
    Ok(Listen { port, bind, custom_host: gateway.custom_bind_host })
}

fn port_number(text: &str) -> Result<u16, Error> {
    text.trim().parse().ok().filter(|port| *port != 0).ok_or_else(|| Error::Setting {
        name: "OPENCLAW_GATEWAY_PORT",
        value: text.to_owned(),
        expected: "a port number, 1 to 65535",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProfileChoice;

    struct Case {
        flags: ListenFlags,
        env_port: &'static str,
        gateway: Gateway,
        profile: ProfileChoice,
    }

    impl Default for Case {
        fn default() -> Self {
            Self {
                flags: ListenFlags::default(),
                env_port: "",
                gateway: Gateway::default(),
                profile: ProfileChoice::Default,
            }
        }
    }

    fn decide(case: Case) -> Result<(u16, Bind), String> {
        let env = Env::of([("HOME", "/h"), ("OPENCLAW_GATEWAY_PORT", case.env_port)]);
        let paths = Paths::resolve(&env, case.profile).expect("resolved");
        listen(case.flags, &env, &case.gateway, &paths)
            .map(|listen| (listen.port, listen.bind))
            .map_err(|error| error.to_string())
    }

    fn port(flag: Option<u16>, env_port: &'static str, config: Option<u16>) -> u16 {
        let flags = ListenFlags { port: flag, bind: None };
        let gateway = Gateway { port: config, ..Gateway::default() };
        decide(Case { flags, env_port, gateway, ..Case::default() }).expect("decided").0
    }

    fn bind(flag: Option<Bind>, config: Option<Bind>) -> Bind {
        let flags = ListenFlags { port: None, bind: flag };
        let gateway = Gateway { bind: config, ..Gateway::default() };
        decide(Case { flags, gateway, ..Case::default() }).expect("decided").1
    }

    #[test]
    fn pb_1_the_port_flag_beats_the_variable() {
        assert_eq!(port(Some(3000), "4000", Some(5000)), 3000);
        assert_eq!(port(Some(3000), "no number", None), 3000);
    }

    #[test]
    fn pb_2_the_variable_beats_the_config() {
        assert_eq!(port(None, "4000", Some(5000)), 4000);
    }

    #[test]
    fn pb_3_the_config_beats_the_default_port() {
        assert_eq!(port(None, "", Some(5000)), 5000);
    }

    #[test]
    fn pb_4_the_default_port_is_18789() {
        assert_eq!(port(None, "", None), 18789);
    }

    #[test]
    fn pb_5_the_bind_flag_beats_the_config() {
        assert_eq!(bind(Some(Bind::Tailnet), Some(Bind::Lan)), Bind::Tailnet);
    }

    #[test]
    fn pb_6_the_config_beats_the_default_bind() {
        assert_eq!(bind(None, Some(Bind::Lan)), Bind::Lan);
    }

    #[test]
    fn pb_7_the_default_bind_is_loopback() {
        assert_eq!(bind(None, None), Bind::Loopback);
    }

    #[test]
    fn dv_5_the_dev_profile_has_port_19001_below_all_else() {
        let dev = |env_port, config| {
            let gateway = Gateway { port: config, ..Gateway::default() };
            let profile = ProfileChoice::Dev;
            decide(Case { env_port, gateway, profile, ..Case::default() }).expect("decided").0
        };
        assert_eq!(dev("", None), 19001);
        assert_eq!(dev("", Some(5000)), 5000);
        assert_eq!(dev("4000", Some(5000)), 4000);
    }

    #[test]
    fn a_variable_that_is_no_port_is_an_error() {
        for text in ["abc", "0", "65536", "-1", "80.5"] {
            assert_eq!(
                decide(Case { env_port: text, ..Case::default() }),
                Err(format!(
                    "OPENCLAW_GATEWAY_PORT is {text:?}: expected a port number, 1 to 65535"
                ))
            );
        }
        assert_eq!(port(None, " 4000 ", None), 4000);
    }

    #[test]
    fn a_custom_bind_needs_its_address() {
        let flags = ListenFlags { port: None, bind: Some(Bind::Custom) };
        assert_eq!(
            decide(Case { flags, ..Case::default() }),
            Err("bind \"custom\" needs an address: set gateway.customBindHost in the config"
                .to_owned())
        );
        let gateway = Gateway { custom_bind_host: "10.0.0.1".parse().ok(), ..Gateway::default() };
        assert_eq!(decide(Case { flags, gateway, ..Case::default() }), Ok((18789, Bind::Custom)));
    }
}
