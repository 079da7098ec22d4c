-- Records of a family, by rank. The family is the front of the key up to its second colon: the agent,
-- where the key is a session's.
CREATE INDEX records_by_family ON records (
    space,
    substr(key, 1, instr(key, ':') + instr(substr(key, instr(key, ':') + 1), ':')),
    rank,
    key
);
