//! Redis: a server in place of the chart of others.

use serde_json::{Value, json};

use crate::resolve::shared::{redis, stand_in};
use crate::resolve::workload::{config_volume, memory_volume, projected_volume};
use crate::resolve::{Component, Context, Plan};
use crate::view;

/// What `build.rs` puts into the table of components. Its section is the settings of the chart of others.
pub const COMPONENT: Component = Component { name: "redis", key: "", resolve };

/// The official image.
const IMAGE: &str = "docker.io/library/redis:7.2.11";
/// User and group `redis` in that image.
const USER: u32 = 999;
const GROUP: u32 = 1000;

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("redis.install") {
        return;
    }
    stand_in::warn_on_upgrade(cx, COMPONENT.name, "Redis");
    let mut w = stand_in::workload(cx, "redis", format!("{}-redis-master", cx.release.name));
    let password = redis::redis(cx, "gitlab").password;
    let view = view! {
        name: w.name, labels: w.labels.object, none: json!({}), start: json!({"password": password.is_some()}),
    };
    plan.add(COMPONENT.name, "configmap.yaml", view);
    for (name, headless) in [(w.name.clone(), false), (format!("{}-redis-headless", cx.release.name), true)] {
        let view = view! {
            name, labels: w.labels.service, selector: w.labels.selector, cluster_ip: headless.then_some("None"),
        };
        plan.add(COMPONENT.name, "service.yaml", view);
    }

    let mut main = stand_in::container("redis", IMAGE, cx.section("redis.master.resources"))
        .port("tcp-redis", 6379)
        .mount("data", "/data", Value::Null)
        .mount("config", "/etc/redis", json!({"readOnly": true}))
        .mount("run", "/run/redis", Value::Null);
    main.command = Some(json!(["sh", "/etc/redis/start.sh"]));
    main.readiness_probe =
        Some(json!({"exec": {"command": ["sh", "/etc/redis/ping.sh"]}, "periodSeconds": 5, "timeoutSeconds": 5}));
    main.liveness_probe = Some(
        json!({"tcpSocket": {"port": "tcp-redis"}, "initialDelaySeconds": 20, "periodSeconds": 10, "failureThreshold": 6}),
    );
    let mut volumes = vec![config_volume("config", &w.name), memory_volume("run")];
    if let Some(password) = &password {
        main = main.mount("password", "/etc/gitlab/redis", json!({"readOnly": true}));
        let items = json!([{"key": password.key, "path": "password"}]);
        let source = json!({"secret": {"name": password.secret, "items": items}});
        volumes.push(projected_volume("password", 0o440, vec![source]));
    }
    let pod = stand_in::pod(&mut w, USER, GROUP, main, volumes);
    let view = view! {
        name: w.name, labels: w.labels.object, selector: w.labels.selector, pod: moved(pod),
        service: format!("{}-redis-headless", cx.release.name),
        claim: stand_in::claim(cx, "redis.master.persistence", "8Gi"),
    };
    plan.add(COMPONENT.name, "statefulset.yaml", view).follows("checksum/config", &w.name);
}
