"""What all of arrears' routes share: who may ask and command."""

from typing import Annotated

from shared.auth import EVERYBODY, STAFF, Caller, requires

Reader = Annotated[Caller, requires(*EVERYBODY)]
Staff = Annotated[Caller, requires(*STAFF)]
Officer = Annotated[Caller, requires("assistant", "lead-officer")]
LeadOfficer = Annotated[Caller, requires("lead-officer")]
