from dcmaudit.api import (
    Box as Box,
)
from dcmaudit.api import (
    DcmauditError as DcmauditError,
)
from dcmaudit.api import (
    Everywhere as Everywhere,
)
from dcmaudit.api import (
    Finding as Finding,
)
from dcmaudit.api import (
    IconPolicy as IconPolicy,
)
from dcmaudit.api import (
    Instance as Instance,
)
from dcmaudit.api import (
    Judgement as Judgement,
)
from dcmaudit.api import (
    Origin as Origin,
)
from dcmaudit.api import (
    Outcome as Outcome,
)
from dcmaudit.api import (
    OverlayPolicy as OverlayPolicy,
)
from dcmaudit.api import (
    Plane as Plane,
)
from dcmaudit.api import (
    PlaneAddress as PlaneAddress,
)
from dcmaudit.api import (
    PlaneKind as PlaneKind,
)
from dcmaudit.api import (
    PlaneReading as PlaneReading,
)
from dcmaudit.api import (
    PrivatePolicy as PrivatePolicy,
)
from dcmaudit.api import (
    Proof as Proof,
)
from dcmaudit.api import (
    RedactionOptions as RedactionOptions,
)
from dcmaudit.api import (
    RedactionPlan as RedactionPlan,
)
from dcmaudit.api import (
    Region as Region,
)
from dcmaudit.api import (
    ReleasedInput as ReleasedInput,
)
from dcmaudit.api import (
    ReleaseReport as ReleaseReport,
)
from dcmaudit.api import (
    Rendering as Rendering,
)
from dcmaudit.api import (
    Request as Request,
)
from dcmaudit.api import (
    RuleSet as RuleSet,
)
from dcmaudit.api import (
    Shape as Shape,
)
from dcmaudit.api import (
    Size as Size,
)
from dcmaudit.api import (
    Store as Store,
)
from dcmaudit.api import (
    Verdict as Verdict,
)
from dcmaudit.api import (
    View as View,
)
from dcmaudit.api import (
    black as black,
)
from dcmaudit.api import (
    black_shape as black_shape,
)
from dcmaudit.api import (
    load_rules as load_rules,
)
from dcmaudit.api import (
    make_rules as make_rules,
)
from dcmaudit.api import (
    match_rules as match_rules,
)
from dcmaudit.api import (
    open as open,
)
from dcmaudit.api import (
    open_store as open_store,
)
from dcmaudit.api import (
    proof_record as proof_record,
)
from dcmaudit.api import (
    redact_file as redact_file,
)
from dcmaudit.api import (
    release as release,
)
from dcmaudit.api import (
    verify_file as verify_file,
)

__version__: str
