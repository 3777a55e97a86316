"""Acting on a case: mitigations that are verified and expire, the war room, and handing over."""
