"""What is not the same as in the original's programs: one table for help, documentation and notes at run time."""

from __future__ import annotations

from dataclasses import dataclass

ANY = ""
"""The option of a difference that holds whatever options are used."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a program does otherwise here.

    ``option`` is the original's spelling, ``ANY`` for what holds always; ``original`` says what the original does,
    ``here`` what this program does. Notes at run time repeat ``here``, so it is a whole sentence.
    """

    program: str
    option: str
    original: str
    here: str

    @property
    def note(self) -> str:
        """What the program says when the option is used."""
        return f"{self.option}: {self.here}"


DIFFERENCES = (
    Difference(
        "dcmaudit", ANY, "opens a window of its own",
        "The reviewer is a page in the browser; without a screen its address is printed.",
    ),
    Difference(
        "dcmaudit", ANY, "needs SMI_ROOT",
        "Without SMI_ROOT and --db the database is in your own data folder.",
    ),
    Difference(
        "dicom_ocr", ANY, "reads with EasyOCR",
        "dcmaudit's own detector finds the lines and RapidOCR reads them; --ocr chooses another reader.",
    ),
    Difference(
        "dicom_ocr", ANY, "writes over the file of --csv",
        "An existing list is kept: add --append to go on with it, or --overwrite to replace it.",
    ),
    Difference(
        "dicom_ocr", ANY, "without --csv and --db nothing is stored",
        "Without --csv findings go into the database, also where --db is left out.",
    ),
    Difference(
        "dicom_ocr", "--pii", "spacy, flair, stanford or stanza, one of them",
        "Judges are header, patterns, allowlist, spacy and presidio, several with commas; "
        "flair, stanford and stanza are refused.",
    ),
    Difference(
        "dicom_ocr", "--forms", "looks for scanned forms only when asked",
        "Scanned forms are always looked for, so the option changes nothing.",
    ),
    Difference(
        "dicom_redact", ANY, "writes uncompressed files, or some in JPEG 2000",
        "Each file stays in its transfer syntax, is read again and proved; what cannot be proved has no output.",
    ),
    Difference(
        "dicom_redact", ANY, "writes over existing outputs",
        "An existing output is kept and its input refused: add --overwrite or --resume.",
    ),
    Difference(
        "dicom_redact", "--db", "uses the rectangles of every file in the database",
        "Files that are not marked done are refused; --include-unreviewed takes them too.",
    ),
    Difference(
        "dicom_redact", "--db", "leaves out text that the allow list knows",
        "Every stored rectangle is blacked, also over text that was judged harmless.",
    ),
    Difference(
        "dicom_redact", "--deid", "blacks the rectangles of rules in every overlay too",
        "Rules reach every frame; add --overlays same to black the same place in overlays.",
    ),
    Difference(
        "dicom_redact", "--remove-ultrasound-regions", "blacks frame 0 and every overlay",
        "Everything outside the regions is blacked on every frame; add --overlays same for overlays.",
    ),
    Difference(
        "dicom_redact", "--compress", "compresses outputs with JPEG 2000",
        "Outputs keep the transfer syntax of their inputs, so the option changes nothing.",
    ),
    Difference(
        "dicom_redact", "--rename", "gives outputs another ending",
        "Outputs are called NAME.redacted.dcm; the option is refused.",
    ),
    Difference(
        "dicom_redact", "-o", "a name that is no folder is the output file",
        "A name that ends in .dcm is the output file of one input; any other name is a folder.",
    ),
    Difference(
        "pydicom_images", ANY, "calls pictures NAME_frame00.tiff, counted from 0",
        "Pictures are called NAME.f0001.tiff, o6000.0001, b12.0001 or i0001, counted from 1.",
    ),
    Difference(
        "pydicom_images", ANY, "stretches the contrast",
        "Pictures show the full range of values; --view voi or local chooses another view.",
    ),
    Difference(
        "pydicom_images", "--ocr", "reads and extracts in one run",
        "Reading is the work of dicom_ocr, whose list goes to standard output; run -x by itself.",
    ),
    Difference(
        "dbrects_to_deid_rules", ANY, "takes every rectangle of every file",
        "Only files that are done count, and only rectangles that half of the files of a kind have; "
        "--share changes that, and what is left out is said.",
    ),
    Difference(
        "dbrects_to_deid_rules", ANY, "labels rules 'test' and opens every file for its manufacturer",
        "Rules are made from what the database knows; --check-files asks the files.",
    ),
    Difference(
        "dicom_pixel_anon", ANY, "redacts a file also where reading it failed",
        "A file that was not looked at wholly is named and gets no output.",
    ),
    Difference(
        "dicom_pixel_anon", ANY, "keeps text that the allow list knows",
        "Every place of text is blacked, whatever it says.",
    ),
    Difference(
        "dicom_pixel_anon", ANY, "writes every file anew",
        "A file without text is copied unchanged, because every plane of it was looked at.",
    ),
    Difference(
        "dicom_pixel_anon", "-c", "compresses outputs with JPEG 2000",
        "Outputs keep the transfer syntax of their inputs, so the option changes nothing.",
    ),
    Difference(
        "dicom_pixel_anon", "-f", "looks for scanned forms only when asked",
        "Scanned forms are always looked for, so the option changes nothing.",
    ),
    Difference(
        "dicom_pixel_anon", "--rename", "gives outputs another ending",
        "Outputs are called NAME.redacted.dcm; the option is refused.",
    ),
)  # fmt: skip


def of_program(program: str) -> tuple[Difference, ...]:
    """The rows of one program, in order."""
    return tuple(one for one in DIFFERENCES if one.program == program)


def notes_on(program: str, options: set[str]) -> list[str]:
    """What the program says about those of the options that mean something else here."""
    return [one.note for one in of_program(program) if one.option in options]


def table() -> str:
    """The table in Markdown, for the documentation."""
    lines = ["| program | option | the original | here |", "|---|---|---|---|"]
    for one in DIFFERENCES:
        option = f"`{one.option}`" if one.option else "any"
        lines.append(f"| `{one.program}` | {option} | {one.original} | {one.here} |")
    return "\n".join(lines)
