//! What happens in Redis as a whole or not at all.
//!
//! Each script reads everything that it decides by before it writes anything. A Redis without memory refuses the first
//! write of a script, and none after it (`script_oom` in its source): nothing is left half-written.

use std::sync::LazyLock;

use redis::{Cmd, Script, cmd};

/// Keeps a request that is not there yet. 1: record, 2: expires_at, 3: when the key expires.
pub(super) static ADD_REQUEST: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'expires_at', ARGV[2])
redis.call('EXPIREAT', KEYS[1], ARGV[3])
return 1",
    )
});

/// Decides a request. 1: attempt, 2: outcome, 3: now.
pub(super) static CLOSE_REQUEST: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        "local found = redis.call('HMGET', KEYS[1], 'expires_at', 'attempt')
if not found[1] then return 'unknown' end
if found[2] == ARGV[1] then return 'decided' end
if found[2] then return 'already' end
if tonumber(found[1]) <= tonumber(ARGV[3]) then return 'expired' end
redis.call('HSET', KEYS[1], 'attempt', ARGV[1], 'outcome', ARGV[2])
return 'decided'",
    )
});

/// What a [`Plan`](super::plan::Plan) needs: whether what it rests on holds, and carrying it out.
const PLAN: &str = "local function holds(plan)
  for _, check in ipairs(plan.checks) do
    local expected = table.remove(check)
    check[2] = KEYS[check[2]]
    if tostring(redis.call(unpack(check)) or '') ~= expected then return false end
  end
  return true
end
local function carry_out(plan)
  for _, write in ipairs(plan.writes) do
    write[2] = KEYS[write[2]]
    redis.call(unpack(write))
  end
end
";

/// Carries out a plan if what it rests on holds. 1: the plan.
pub(super) static CARRY_OUT: LazyLock<Lua> = LazyLock::new(|| {
    Lua::with_plans(
        "local plan = cjson.decode(ARGV[1])
if not holds(plan) then return 0 end
carry_out(plan)
return 1",
    )
});

/// Uses up an offer. Keys: offer, handles, registrations, and those of the plan. 1: now, 2: request, 3: credential,
/// 4: plan, and for a credential with a holder 5: handle, 6: reference, 7: registration.
pub(super) static RECORD_ISSUANCE: LazyLock<Lua> = LazyLock::new(|| {
    Lua::with_plans(
        "local offer = redis.call('HMGET', KEYS[1], 'expires_at', 'request', 'credential', 'licence')
if not offer[1] or tonumber(offer[1]) <= tonumber(ARGV[1]) then return {'unknown'} end
if offer[2] == ARGV[2] then return {'repeated', offer[3]} end
if offer[2] then return {'used'} end
if ARGV[5] then
  if redis.call('HEXISTS', KEYS[2], ARGV[5]) == 1 then return {'handle-taken'} end
  local known = redis.call('HGET', KEYS[3], ARGV[6])
  if known and known ~= ARGV[7] then return {'registered'} end
end
local plan = cjson.decode(ARGV[4])
if not holds(plan) then return {'changed'} end
redis.call('HSET', KEYS[1], 'request', ARGV[2], 'credential', ARGV[3])
if ARGV[5] then
  redis.call('HSET', KEYS[2], ARGV[5], offer[4])
  redis.call('HSET', KEYS[3], ARGV[6], ARGV[7])
end
carry_out(plan)
return {'stored'}",
    )
});

/// Settles the keys of lists unless there are some, or are those that these replace; says which there are. 1: issuer key,
/// 2: keys, 3: the keys that they replace, or nothing.
pub(super) static SETTLE_LIST_KEYS: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        "local found = redis.call('HGET', KEYS[1], ARGV[1])
if found and found ~= ARGV[3] then return found end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]",
    )
});

/// Begins a version of a list. 1: the version that was seen begun last, 2: moment, 3: version.
pub(super) static BEGIN_VERSION: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        "local found = redis.call('HMGET', KEYS[1], 'version', 'issued_at')
if tonumber(found[1] or '0') ~= tonumber(ARGV[1]) then return 0 end
if tonumber(found[2] or '0') >= tonumber(ARGV[2]) then return 0 end
if tonumber(ARGV[3]) <= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'issued_at', ARGV[2])
return 1",
    )
});

/// Publishes a version of a list; says which one was the newest before it, or nothing if a later one is. 1: version,
/// 2: record.
pub(super) static PUBLISH_VERSION: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        "local published = tonumber(redis.call('HGET', KEYS[1], 'published') or '0')
if published >= tonumber(ARGV[1]) then return false end
redis.call('HSET', KEYS[1], 'published', ARGV[1], 'record', ARGV[2])
return published",
    )
});

/// The `change` of each licence, empty where there is none.
pub(super) static CHANGES: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        "local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HGET', key, 'change') or '' end
return found",
    )
});

/// Takes one from a bucket, as `store::spending` does; says how long to wait, 0 if not at all. In microseconds.
/// 1: interval, 2: depth.
pub(super) static SPEND: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        "local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
local next_full = math.max(full_at, now) + tonumber(ARGV[1])
local wait = next_full - (now + tonumber(ARGV[2]))
if wait > 0 then return wait end
local lifetime = math.max(1, math.ceil((next_full - now) / 1000))
redis.call('SET', KEYS[1], string.format('%.0f', next_full), 'PX', string.format('%.0f', lifetime))
return 0",
    )
});

/// A script and what Redis calls it.
pub(super) struct Lua {
    text: String,
    hash: String,
}

impl Lua {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), hash: Script::new(text).get_hash().to_owned() }
    }

    fn with_plans(text: &str) -> Self {
        Self::new(&[PLAN, text].concat())
    }

    /// To be run on these keys with these arguments.
    pub(super) fn ask(&self, keys: &[String], arguments: &[&[u8]]) -> Ask {
        let command = |name, script: &str| {
            let mut command = cmd(name);
            command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
            command
        };
        let with_text = Some(command("EVAL", &self.text));
        Ask { command: command("EVALSHA", &self.hash), with_text, writes: true }
    }
}

/// A command to be sent, twice perhaps.
pub(super) struct Ask {
    pub(super) command: Cmd,
    /// The same with the script's text, for a Redis that does not know the script.
    pub(super) with_text: Option<Cmd>,
    /// Whether it writes what must outlive the server.
    pub(super) writes: bool,
}

impl Ask {
    /// A command that writes nothing, or nothing that matters.
    pub(super) fn read(command: &Cmd) -> Self {
        Self { command: command.clone(), with_text: None, writes: false }
    }

    /// A command that writes.
    pub(super) fn write(command: &Cmd) -> Self {
        Self { command: command.clone(), with_text: None, writes: true }
    }
}
