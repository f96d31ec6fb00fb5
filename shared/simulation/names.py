"""Names for people, firms and streets; none of them is anybody."""

FIRST = (
    "Aileen", "Alasdair", "Angus", "Bethany", "Calum", "Catriona", "Craig", "Derek", "Eilidh", "Euan", "Fiona",
    "Gordon", "Heather", "Iain", "Isla", "Jamie", "Kirsty", "Lewis", "Mairi", "Fraser", "Morag", "Neil", "Nasreen",
    "Ross", "Rory", "Shona", "Stuart", "Tariq", "Una", "Wojciech", "Zofia", "Siobhán",
)  # fmt: skip

LAST = (
    "Ahmed", "Anderson", "Baird", "Campbell", "Chalmers", "Dunlop", "Elder", "Ferguson", "Gillespie", "Hamilton",
    "Imrie", "Jamieson", "Kowalski", "Laird", "MacDonald", "McKay", "Nisbet", "Ogilvie", "Paterson", "Quigley",
    "Rennie", "Shaw", "Tennant", "Urquhart", "Wardrop", "Young", "O'Neill", "Singh",
)  # fmt: skip

FIRMS = ("Clydeview Lettings Ltd", "Kelvin Homes Ltd", "Southside Property Co Ltd", "Tay & Forth Estates Ltd")

SOLICITORS = ("Bannatyne & Weir LLP", "Cathcart Legal", "Imrie Stobo Solicitors", "Lomond Law")

AGENTS = ("Burnside Letting Agents", "Merchant City Lets")

CONTRACTORS = (
    "A. Rankin Roofing",
    "Bright Close Cleaning",
    "Clyde Joinery",
    "D. Moffat Plumbing",
    "Shields Electrical",
)

STREETS = (
    "Aikenhead Road", "Bowman Street", "Calder Street", "Dixon Avenue", "Ettrick Place", "Garturk Street",
    "Herriet Street", "Inglefield Street", "Kenmure Street", "Leslie Street",
)  # fmt: skip

ESTATES = ("Allan Park", "Burnside Court", "Cartvale", "Dalmoor", "Eastfield Gardens", "Fernbank")

REPAIRS = (
    "Roof: replace slipped slates", "Clear gutters and downpipes", "Close door: renew lock and closer",
    "Stair lighting: replace fittings", "Repair rising main leak", "Rhone pipe: renew bracket and joint",
    "Bin store: repair gate", "Stair window: reglaze", "Door entry: repair panel", "Repoint chimney head",
)  # fmt: skip
