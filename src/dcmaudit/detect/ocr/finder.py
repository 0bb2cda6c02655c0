"""Finding and reading put together: lines of text on one plane, from whoever finds and whoever reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dcmaudit.detect.ocr.base import Engine
from dcmaudit.detect.ocr.finding import Candidate, Detector, Mode, Sighting
from dcmaudit.detect.ocr.lines import LineReader
from dcmaudit.detect.ocr.looks import EngineLooks
from dcmaudit.detect.ocr.memory import Memory
from dcmaudit.detect.ocr.spots import Line, Picture, around, corners_of, cut_by_others, is_same_line, merged
from dcmaudit.model import Box


@dataclass(frozen=True, slots=True)
class Seen:
    """What one plane shows: lines of text, and places that were seen and not taken for text, not read."""

    lines: list[Line]
    rejected: list[Line]


class TextFinder:
    """Finds lines on planes and reads them. Not to be used from two threads at once.

    ``engine`` reads, and finds where no ``detectors`` are named; None: nothing is read.
    """

    def __init__(
        self, engine: Engine | None, mode: Mode = Mode.DEFAULT, detectors: Sequence[Detector] | None = None
    ) -> None:
        self.engine = engine
        self.mode = mode
        if detectors is None:
            detectors = [] if engine is None else [EngineLooks(engine, mode)]
        if not detectors:
            raise ValueError("nobody is there to find text")
        self._detectors = tuple(detectors)
        self._reader = None if engine is None else LineReader(engine, thorough=mode is Mode.THOROUGH)

    def find(
        self,
        pictures: Sequence[Picture],
        *,
        known: Sequence[Line] = (),
        memory: Memory | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> list[Line]:
        """Every line of text on a plane, from the top down; see ``look``."""
        return self.look(pictures, known=known, memory=memory, stop=stop).lines

    def look(
        self,
        pictures: Sequence[Picture],
        *,
        known: Sequence[Line] = (),
        memory: Memory | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Seen:
        """What a plane that ``pictures`` show holds, from the top down; all of them have the plane's size.

        The first picture is the full range of values. ``known`` lines are sure to be there: they are in the answer,
        and what is found in their place is not read again. ``memory`` is that of the cine which the plane is a frame
        of: what did not change since an earlier frame is neither looked at nor read again. ``stop`` is asked between
        looks; when it says True, what was found until then comes back. EngineError where an engine fails.
        """
        sightings = [detector.detect(pictures, memory=memory, stop=stop) for detector in self._detectors]
        found = _single_lines(_backed(sightings))
        lines = list(known)
        new: list[tuple[list[Candidate], Box]] = []
        for cluster in merged(found, lambda candidate: candidate.spot.box):
            box = around(candidate.box for candidate in cluster)
            close = around(candidate.spot.box for candidate in cluster)
            same = next((i for i, line in enumerate(lines) if is_same_line(line.box, close)), None)
            if same is None:
                new.append((cluster, box))
            # Seen before and read: only its box may have to grow.
            elif lines[same].text or self._reader is None:
                lines[same] = replace(lines[same], box=lines[same].box.union(box))
            else:  # what could not be read before may be read here
                new.append((cluster, lines.pop(same).box.union(box)))
        lines += self._lines(pictures, new, memory)
        lines.sort(key=lambda line: (line.box.top, line.box.left))
        rejected = [candidate for sighting in sightings for candidate in sighting.rejected]
        rejected += [
            one for sighting in sightings for one in sighting.found if not _is_backed(one, sighting, sightings)
        ]
        return Seen(lines, _left(rejected, lines))

    def _lines(
        self, pictures: Sequence[Picture], clusters: Sequence[tuple[list[Candidate], Box]], memory: Memory | None
    ) -> list[Line]:
        # The longest of a cluster is read: a piece of the line, however sure, would be read as a piece.
        lines = [
            Line(
                box,
                cluster[0].spot.text or "",
                cluster[0].spot.confidence,
                max(candidate.spot.score for candidate in cluster),
            )
            for cluster, box in clusters
        ]
        if self._reader is None:
            return lines
        unread = {place: cluster[0] for place, (cluster, _) in enumerate(clusters) if cluster[0].spot.text is None}
        for place, (text, confidence) in self._reader.read(pictures, unread, memory).items():
            lines[place] = replace(lines[place], text=text, confidence=confidence)
        return lines


def _backed(sightings: Sequence[Sighting]) -> list[Candidate]:
    """What was found, of each detector only what the others half see where they can say so."""
    return [one for sighting in sightings for one in sighting.found if _is_backed(one, sighting, sightings)]


def _is_backed(candidate: Candidate, of: Sighting, sightings: Sequence[Sighting]) -> bool:
    return all(other.backs is None or other is of or other.backs(candidate) for other in sightings)


def _single_lines(found: Sequence[Candidate]) -> list[Candidate]:
    """The candidates; what one view takes for one line and another for several is several."""
    boxes = [candidate.spot.box for candidate in found]
    out = []
    for candidate, box in zip(found, boxes, strict=True):
        parts = cut_by_others(box, boxes)
        if len(parts) == 1:
            out.append(candidate)
            continue
        for part in parts:
            shared = candidate.box.intersection(Box(candidate.box.left, part.top, candidate.box.right, part.bottom))
            if shared is not None:
                spot = replace(candidate.spot, corners=corners_of(part), text=None, confidence=None)
                out.append(replace(candidate, spot=spot, box=shared))
    return out


def _left(rejected: Sequence[Candidate], lines: Sequence[Line]) -> list[Line]:
    """One of each place that was rejected and that no line covers, the likeliest first."""
    out: list[Line] = []
    for cluster in merged(rejected, lambda candidate: candidate.box):
        box = around(candidate.box for candidate in cluster)
        # What lies in a line is no doubt any more.
        if not any(line.box.contains(box) for line in lines):
            out.append(Line(box, "", None, max(candidate.spot.score for candidate in cluster)))
    return sorted(out, key=lambda line: -line.score)
