"""`compact verify`: checksums, signatures, references, and recomputed values."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    files="checksum_findings",
    finding="Finding",
    signing="Signature check_signature sign",
    verify="references store_findings table_findings verify_release",
)
