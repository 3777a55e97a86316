"""How the loops hand on what they found, and the numbers of the shapes."""

from __future__ import annotations

from holdfast.redaction.kernels import kernel

SHAPES = (
    *(
        "email",
        "ipv4",
        "ipv6",
        "mac",
        "card",
        "iban",
        "phone",
        "us-ssn",
        "br-cpf",
        "br-cnpj",
        "ch-ahv",
        "be-nrn",
    ),
    *("ca-sin", "in-aadhaar", "kr-rrn", "ar-cuit", "cn-id", "cz-rc", "se-pnr", "cl-rut", "fr-nir", "fi-hetu"),
    *("es-dni", "it-cf", "gb-nino", "mx-curp", "in-pan", "sg-nric", "vin", "vat", "bitcoin"),
)
"""The rules found here, in the order of the numbers that the loops use."""
EMAIL, IPV4, IPV6, MAC, CARD, IBAN, PHONE, SSN, CPF, CNPJ, AHV, NRN = range(12)
SIN, AADHAAR, RRN, CUIT, CNID, RC, PNR, RUT, NIR, HETU = range(12, 22)
DNI, CF, NINO, CURP, PAN, NRIC, VIN, VAT, BITCOIN = range(22, 31)


@kernel
def emit(out, count, start, end, rule):  # type: ignore[no-untyped-def]
    """Note one find; a rule below 0 is none. Return the new count, which may pass the room there is."""
    if rule < 0:
        return count
    if count < out.shape[0]:
        out[count, 0] = start
        out[count, 1] = end
        out[count, 2] = rule
        out[count, 3] = 0
    return count + 1
