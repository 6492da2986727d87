/** First names, some outside ASCII. */
export const FIRST_NAMES = [
  "Ada",
  "Bruno",
  "Chloé",
  "Dmitri",
  "Eero",
  "Fatima",
  "Grace",
  "Haruka",
  "İpek",
  "José",
  "Katarína",
  "Liam",
  "Mary Ann",
  "Noor",
  "Øyvind",
  "Priya",
  "Quentin",
  "Rosa",
  "Søren",
  "Thảo",
  "Ursula",
  "Václav",
  "Wanjiru",
  "Ximena",
  "Yusuf",
  "Zoë",
  "陽子",
  "Владимир",
  "نور",
  "שירה",
];

/** Last names, some with quotes and blanks. */
export const LAST_NAMES = [
  "Lovelace",
  "O'Brien",
  "Müller",
  "van der Berg",
  "Nakamura",
  "D'Angelo",
  "Kowalski",
  "García",
  "Smith-Jones",
  "Ng",
  "Okafor",
  "Petrov",
  "Åkesson",
  "Haddad",
  "Tran",
  "Silva",
  "Kim",
  "Rossi",
  "Dubois",
  "Novák",
];

/** First words of company names. */
export const COMPANY_WORDS = [
  "Northwind",
  "Blue Harbor",
  "Acme",
  "Quartz",
  "Lumen",
  "Ostrich",
  "Paper Crane",
  "Granite",
  "Signal",
  "Fjord",
  "Tangerine",
  "Copper",
  "Meridian",
  "Halcyon",
  "Juniper",
  "Kite",
  "Oak & Ash",
  "Solstice",
  "Velvet",
  "Zephyr",
];

/** Second words of company names. */
export const COMPANY_KINDS = [
  "Labs",
  "Systems",
  "Foods",
  "Energy",
  "Bank",
  "Health",
  "Works",
  "Studio",
  "Freight",
  "AI",
];

/** Titles of jobs. */
export const JOB_TITLES = [
  "CEO",
  "CTO",
  "Head of Sales",
  "Engineer",
  "Designer",
  "Office Manager",
  "Buyer",
  "Analyst",
];

/** Cities with region, postcode, country and coordinates. */
export const CITIES = [
  ["London", "England", "EC1A 1BB", "GB", "51.507351000", "-0.127758000"],
  ["San Francisco", "California", "94103", "US", "37.774929000", "-122.419416000"],
  ["München", "Bayern", "80331", "DE", "48.135125000", "11.581981000"],
  ["Göteborg", "Västra Götaland", "411 03", "SE", "57.708870000", "11.974560000"],
  ["東京", "東京都", "100-0001", "JP", "35.689487000", "139.691706000"],
  ["תל אביב", null, "61000", "IL", "32.085300000", "34.781768000"],
] as const;

/** What happens in calls, notes and comments. */
export const SENTENCES = [
  "Asked for a quote by Friday.",
  "Prefers to be called after lunch.",
  "Budget is approved, legal has it now.",
  "Wants the integration before the renewal.",
  "Met at the fair; very interested.",
  "No answer for three weeks.",
  "Sent the contract, waiting for a signature.",
  "Their new head of operations starts in May.",
];

/** Text that breaks programs which quote, split, cut or encode carelessly. */
export const TRAPS = [
  `O'Reilly "quoted" \`ticked\``,
  "back\\slash \\n \\\\ \\u0041",
  "semi;colon; DROP TABLE people; --",
  "lone $1 and $$ and $tag$ and %s ${x}",
  'curly {a,b} {} "{" NULL null',
  "tab\tnewline\nreturn\rdone",
  "emoji 👩‍👩‍👧‍👦 🏳️‍🌈 🇸🇪 é e\u0301",
  "rtl مرحبا שלום \u202Eoverride\u202C",
  "zero\u0000byte",
  "line\u2028separator\u2029\uFEFF",
  "  leading and trailing  ",
  "<script>alert('x')</script> &amp;",
  "\\N",
  "💩".repeat(40),
];
