"""Files redacted by their marks in the database, for a caller that is no command: the reviewer's page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.model import Reference

if TYPE_CHECKING:
    from dcmaudit.pipeline.jobs import RedactionReport
    from dcmaudit.settings import Settings
    from dcmaudit.store import Store


@dataclass(frozen=True, slots=True)
class MarkedFiles:
    """Does what ``redact --from-db --copy-clean -o FOLDER`` does, with the settings of this program."""

    settings: Settings

    def redact(
        self,
        store: Store,
        references: Iterable[Reference],
        folder: Path,
        *,
        check_text: bool,
        stop: Callable[[], bool],
    ) -> Iterator[tuple[Reference, RedactionReport]]:
        """Every file with how it ended, as they are through; files that ``stop`` leaves untouched are not told.

        A file that is not done is refused, an output that exists is not replaced. ``check_text`` looks for text on
        what was written. MissingExtraError or EngineError, before anything is written, where that cannot be done here;
        RuleError where the site's rules cannot be read.
        """
        # Loaded when somebody asks for it: the reviewer's first picture waits for none of it.
        from functools import partial

        from dcmaudit.audit import rule_paths
        from dcmaudit.pipeline import workers
        from dcmaudit.pipeline.clearance import AcceptedText
        from dcmaudit.pipeline.jobs import RedactionJob
        from dcmaudit.pipeline.output import Naming
        from dcmaudit.pipeline.process import NotBegunError
        from dcmaudit.pipeline.redaction import redact_file
        from dcmaudit.pipeline.request_sources import RequestSources
        from dcmaudit.pipeline.text_check import looking_job

        job = RedactionJob(
            Naming(folder),
            copy_clean=True,
            accepted=AcceptedText.NONE,
            check_text=check_text,
            reviewer_rules=rule_paths(None, self.settings),
            user=self.settings.user,
        )
        # Before the first file: a missing model is one error, not one of each file.
        if check_text:
            looking_job().make_finder()
        tasks = RequestSources(store=store, ledger=store).tasks(references)
        for task, answer in workers.each(partial(redact_file, job), tasks, stop=stop, ordered=False):
            if not isinstance(answer, NotBegunError):
                yield task.reference, _report(task.reference, answer)


def _report(reference: Reference, answer: RedactionReport | Exception) -> RedactionReport:
    from dcmaudit.model import Outcome, Result
    from dcmaudit.pipeline.jobs import RedactionReport
    from dcmaudit.pipeline.process import reason_of

    if isinstance(answer, RedactionReport):
        return answer
    return RedactionReport(Result(reference.name, Outcome.FAILED, (reason_of(answer),)))
