"""The creators of the demo data, a table: who, what they say, where and what for, how they look."""

from __future__ import annotations

from discovery.demo.art import Look
from discovery.demo.people import DemoCreator

# fmt: off
CREATORS = (
    DemoCreator(
        "ana", "Ana Ferreira", "Ceramics and glaze rescue",
        "I throw pots, fix glazes and talk people down from the ledge at cone 6. Bring me your cracked mugs.",
        "Lisbon", "Europe/Lisbon", ("en", "pt"), ("craft",), 40, 25,
        Look("tide", "c", "long", "black", "open", "smile", "apron", "hoops"), "pots", is_featured=True,
    ),
    DemoCreator(
        "theo.mensah", "Theo Mensah", "Turns voice memos into beats",
        "Producer from Accra, two records you may have danced to. Hum me something; we leave with a loop you can build on.",
        "Accra", "Africa/Accra", ("en", "fr"), ("music",), 48, 30,
        Look("clay", "e", "short", "black", "glasses", "smile", "roll", "phones"), "vinyl", is_online=True, is_featured=True,
    ),
    DemoCreator(
        "noor.haddad", "Noor Haddad", "Bookbinder who edits poems",
        "Ten years of sewing spines in Amman. I read your poem aloud, then we find the line that carries it.",
        "Amman", "Asia/Amman", ("ar", "en"), ("craft", "books-writing"), 18, 12,
        Look("sun", "b", "hijab", "plum", "open", "soft", "tee", "book"), "desk", is_featured=True,
    ),
    DemoCreator(
        "lucia", "Lucía Ortega", "Illustrator, portfolio reviews",
        "Art director by day. Show me five pictures and I will tell you which three to keep, and why the other two got you no reply.",
        "Valencia", "Europe/Madrid", ("es", "en"), ("art-design", "careers"), 30, 20,
        Look("rose", "f", "bun", "brown", "glasses", "soft", "shirt", "brush"), "prints", is_online=True, is_featured=True,
    ),
    DemoCreator(
        "dev.anand", "Dev Anand", "Interview and career coach",
        "I hired for six years and was turned down for three. We rehearse the question you dread until it bores you.",
        "Pune", "Asia/Kolkata", ("en", "hi"), ("careers",), 55, 35,
        Look("sky", "c", "quiff", "black", "open", "smile", "blazer", "", "full"), "screens", is_online=True,
    ),
    DemoCreator(
        "sol.adeyemi", "Sol Adeyemi", "Breathwork and sleep",
        "Nurse on nights for a decade, so I know what four in the morning feels like. Short calls, slow breaths, no incense.",
        "Lagos", "Africa/Lagos", ("en", "yo"), ("wellbeing",), 24, 18,
        Look("plum", "e", "afro", "black", "closed", "smile", "tee", "hoops"), "dusk", is_online=True, is_featured=True,
    ),
    DemoCreator(
        "otto", "Otto Lindqvist", "Builds and repairs guitars",
        "Forty years at the bench. Hold the buzzing fret to the camera and I will tell you whether it needs a file, a shim or a funeral.",
        "Gothenburg", "Europe/Stockholm", ("sv", "en", "de"), ("music", "craft"), 36, 24,
        Look("moss", "a", "quiff", "grey", "glasses", "soft", "shirt", "guitar", "full"), "north", whole_minutes=True,
    ),
    DemoCreator(
        "fern", "Fern Baptiste", "Foraging, mushrooms by photo",
        "I will not tell you what to eat. I will tell you what that is, what it grows beside, and what looks exactly like it.",
        "Roseau", "America/Dominica", ("en", "fr"), ("food-plants", "science"), 20, 14,
        Look("wheat", "d", "braids", "black", "open", "smile", "hood", "leaf"), "kitchen",
    ),
    DemoCreator(
        "mika.tan", "Mika Tan", "Japanese for shy people",
        "You speak, I wait. Half of every lesson is the silence before the sentence, and then you say it.",
        "Osaka", "Asia/Tokyo", ("ja", "en", "zh"), ("languages",), 28, 22,
        Look("dusk", "a", "bob", "black", "closed", "soft", "hood", "phones"), "dusk", is_online=True,
    ),
    DemoCreator(
        "jules", "Jules Moreau", "Clinic for sulking plants",
        "Bring the yellow leaf to the window. Most patients need less of you, not more. I speak monstera fluently.",
        "Lyon", "Europe/Paris", ("fr", "en"), ("food-plants",), 22, 15,
        Look("fjord", "a", "curly", "red", "open", "smile", "apron", "leaf"), "kitchen", is_featured=True,
    ),
    DemoCreator(
        "ibrahim.k", "Ibrahim Koné", "Radio voice, speech rehearsals",
        "Twenty years of live radio. Weddings, defenses, eulogies: read it to me twice and the third time you will not need the paper.",
        "Abidjan", "Africa/Abidjan", ("fr", "en"), ("careers", "languages"), 45, 38,
        Look("berry", "d", "bald", "black", "shades", "soft", "blazer", "mic", "full"), "vinyl",
    ),
    DemoCreator(
        "wren", "Wren Castillo", "Songwriting, one verse at a time",
        "Play me the verse that will not end. I write with people who have a day job and half an hour.",
        "Austin", "America/Chicago", ("en", "es"), ("music", "books-writing"), 28, 18,
        Look("night", "b", "beanie", "brown", "open", "soft", "hood", "guitar"), "ridge", is_online=True,
    ),
    DemoCreator(
        "priya", "Priya Raman", "Reads your code out loud",
        "Staff engineer. I read code the way an editor reads prose: aloud, slowly, asking what you meant. Python and SQL mostly.",
        "Chennai", "Asia/Kolkata", ("en", "ta", "hi"), ("technology",), 60, 45,
        Look("sky", "d", "waves", "black", "square", "smile", "vneck", "laptop"), "screens",
    ),
    DemoCreator(
        "tomas.b", "Tomáš Beneš", "Chess, the calm way",
        "International master, patient teacher. We look at your last loss and stop where it was still a game.",
        "Brno", "Europe/Prague", ("cs", "en", "de"), ("games",), 32, 26,
        Look("wheat", "f", "sweep", "blond", "glasses", "grin", "roll", "board"), "dice", is_online=True,
    ),
    DemoCreator(
        "amara", "Amara Okonkwo", "Novelist, first pages only",
        "I read the first three pages and nothing else, because so does everybody. Two novels, one prize, many rejections.",
        "Enugu", "Africa/Lagos", ("en", "fr"), ("books-writing",), 34, 26,
        Look("clay", "e", "puffs", "black", "open", "smile", "vneck", "book"), "desk", is_featured=True,
    ),
    DemoCreator(
        "kenji", "Kenji Mori", "Knives, dashi, weeknight dinners",
        "Twelve years on a line in Kyoto. Show me your fridge; we cook what is already in it.",
        "Kyoto", "Asia/Tokyo", ("ja", "en"), ("food-plants",), 38, None,
        Look("rose", "f", "buzz", "black", "open", "soft", "apron", "whisk"), "kitchen",
    ),
    DemoCreator(
        "hanneke", "Hanneke de Wit", "Knitting rescue, any century",
        "Dropped stitches, lost patterns, grandmother’s handwriting. I read charts in seven languages and frog without mercy.",
        "Utrecht", "Europe/Amsterdam", ("nl", "en", "de"), ("craft",), 16, 12,
        Look("plum", "a", "bun", "white", "glasses", "grin", "stripes", "yarn"), "ridge", is_online=True,
    ),
    DemoCreator(
        "rafael", "Rafael Duarte", "Portraits with the light you have",
        "Photographer. Turn the lamp, move a step, lower the chin: in ten minutes your room is a studio.",
        "Recife", "America/Recife", ("pt", "en", "es"), ("photo-film", "art-design"), 42, None,
        Look("tide", "c", "curly", "black", "open", "smile", "tee", "camera", "stubble"), "sea",
    ),
    DemoCreator(
        "greta", "Greta Halvorsen", "Winter running and sore knees",
        "Physiotherapist, eleven marathons, two operations. Walk toward the camera and I will see what hurts.",
        "Tromsø", "Europe/Oslo", ("nb", "en"), ("wellbeing",), 30, 20,
        Look("fjord", "a", "ponytail", "blond", "open", "grin", "roll", "medal"), "north",
    ),
    DemoCreator(
        "yusuf", "Yusuf Demir", "Calligraphy and pen repair",
        "Ottoman and Latin hands, and the nib that skips. Ink on the table, camera above, no hurry.",
        "Bursa", "Europe/Istanbul", ("tr", "en", "ar"), ("art-design", "craft"), 26, 18,
        Look("sun", "c", "turban", "black", "open", "soft", "shirt", "pencil", "full"), "prints",
    ),
    DemoCreator(
        "ines", "Inês Carvalho", "Portuguese through songs",
        "Fado, samba, bad pop. You learn the words because you want to sing them. Beginners very welcome.",
        "Porto", "Europe/Lisbon", ("pt", "en", "fr"), ("languages", "music"), 25, 20,
        Look("berry", "b", "curls", "brown", "closed", "smile", "stripes", "drops"), "sea", is_online=True,
    ),
    DemoCreator(
        "malik", "Malik Osei", "Astronomy from a city balcony",
        "You need neither a dark sky nor money. Point the phone up; I tell you what you are looking at and where it will be tonight.",
        "Kumasi", "Africa/Accra", ("en",), ("science",), 21, 16,
        Look("dusk", "e", "locs", "black", "square", "smile", "hood", "star"), "night",
    ),
    DemoCreator(
        "sofia.l", "Sofia Lindgren", "Grief, letters, hard sentences",
        "Hospital chaplain for fifteen years. We write the letter together, or we do not write it and talk instead.",
        "Uppsala", "Europe/Stockholm", ("sv", "en"), ("wellbeing", "books-writing"), None, 22,
        Look("moss", "f", "sweep", "grey", "open", "soft", "roll", "drops"), "dusk",
    ),
    DemoCreator(
        "bilal", "Bilal Chaudhry", "Home networks that stay up",
        "Your router is fine; it is behind the fridge. Bring the password, I bring the patience.",
        "Lahore", "Asia/Karachi", ("ur", "en"), ("technology",), 35, 28,
        Look("clay", "d", "short", "black", "square", "grin", "shirt", "laptop", "moustache"), "screens",
    ),
    DemoCreator(
        "thuy", "Thùy Nguyễn", "Vietnamese, spoken from day one",
        "Six tones, one song for each. I teach by ordering breakfast with you until the auntie stops laughing.",
        "Huế", "Asia/Ho_Chi_Minh", ("vi", "en", "fr"), ("languages",), 20, 15,
        Look("rose", "f", "long", "black", "open", "smile", "stripes", "drops"), "sea",
    ),
    DemoCreator(
        "marcel", "Marcel Dubois", "Board games, rules in ten minutes",
        "I read rulebooks so that you do not have to. Set the box on the table and we are playing before the tea is cold.",
        "Namur", "Europe/Brussels", ("fr", "nl", "en"), ("games",), 17, 13,
        Look("night", "a", "cap", "brown", "glasses", "grin", "vneck", "", "full"), "dice",
    ),
    DemoCreator(
        "zola", "Zola Ndlovu", "Salary talks without shaking",
        "Union negotiator. We write your number down, say it aloud ten times, and then I play your boss.",
        "Durban", "Africa/Johannesburg", ("en", "sw"), ("careers",), 50, 40,
        Look("plum", "d", "locs", "plum", "open", "smile", "blazer", "hoops"), "ridge",
    ),
    DemoCreator(
        "eun.ji", "Eun-ji Park", "Watercolor, mistakes kept in",
        "The blot is the best part. Wet paper, three colors, and twenty minutes before the light goes.",
        "Busan", "Asia/Seoul", ("ko", "en"), ("art-design",), 27, None,
        Look("sky", "f", "bob", "teal", "open", "soft", "apron", "brush"), "prints", is_online=True,
    ),
)
# fmt: on
