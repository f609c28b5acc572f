"""What people have registered, put together briefly."""

from bot.rules.registered import EMAIL_CODE, TOTP, Enrolment, Method
from bot.secret import Secret

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def an_app(method_id: str = "totp-1", *, seed: str = SEED, since: float = 0, backed: bool = True) -> Method:
    return Method(method_id, TOTP, "", since, backed, seed=Secret(seed))


def an_address(address: str, method_id: str = "mail-1", *, since: float = 0, backed: bool = True) -> Method:
    return Method(method_id, EMAIL_CODE, "", since, backed, address=address)


def registered(*methods: Method, rev: int = 0) -> Enrolment:
    return Enrolment(methods, rev=rev)
