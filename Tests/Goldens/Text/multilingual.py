"""Over two hundred texts in many scripts, and such as tokenizers trip over; make_pipelines.py encodes them."""

LINES = """
All human beings are born free and equal in dignity and rights.
The quick brown fox jumps over the lazy dog, doesn't it? "Yes," they'll say; it's 7 o'clock.
DON'T SHOUT! I'M HERE, WE'RE LATE, YOU'VE WON, HE'D GO, SHE'LL STAY, IT'S FINE.
a b c d e f g, x1 y2 z3, A.B.C., e.g. i.e. etc.
Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. STRASSE, Straße, ẞ.
Portez ce vieux whisky au juge blond qui fume. L'œuvre d'été où naît l'ambiguïté, ça va ?
El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío; ¿qué pasó? ¡Añoraba!
À noite, vovô Kowalsky vê o ímã cair no pé do pinguim queixoso; ações, corações.
Pchnąć w tę łódź jeża lub ośm skrzyń fig. Zażółć gęślą jaźń.
Příliš žluťoučký kůň úpěl ďábelské ódy. Ľúbozvučný ťažký deň.
Árvíztűrő tükörfúrógép. Ön és Ő.
Fădel încă așteaptă șase țânțari; ş ţ Ş Ţ.
Flygande bäckasiner söka hwila på mjuka tuvor. Høj bly gom. Blåbærsyltetøy.
Kæmi ný öxi hér, ykist þjófum nú bæði víl og ádrepa.
Pijamalı hasta yağız şoföre çabucak güvendi. İSTANBUL Iğdır ışık.
Tôi có thể ăn thủy tinh mà không hại gì. Tiếng Việt rất đẹp.
Is féidir liom gloinne a ithe. Ní dhéanann sí dochar ar bith dom. Ḃ ċ ḋ.
Vėjas pučia į ąžuolą, ūkanos šnara. Glāžšķūņa rūķīši.
Eĥoŝanĝo ĉiuĵaŭde.
Съешь же ещё этих мягких французских булок, да выпей чаю.
Все люди рождаются свободными и равными в своём достоинстве и правах.
Чуєш їх, доцю, га? Кумедна ж ти, прощайся без ґольфів!
Ђаци су љубили њежну џепну ћурку. Љ љ ǈ Ǌ.
Ѕвезда ѓавол ќе.
Жълтата дюля беше щастлива, че пухът замръзна.
Қазақша: Щербақ, ғылым, ұйқы, үлкен, өмір, һаттат.
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΟΔΥΣΣΕΥΣ Σίσυφος.
ἐν ἀρχῇ ἦν ὁ λόγος, καὶ ὁ λόγος ἦν πρὸς τὸν θεόν. ᾳ ῳ ᾼ
Բոլոր մարդիկ ծնվում են ազատ։ և ﬓ
ყველა ადამიანი იბადება თავისუფალი. ᲗᲑᲘᲚᲘᲡᲘ
يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.
نَصٌّ مُشَكَّلٌ بِالحَرَكَاتِ، ﷺ ﻻ ﻷ ﷲ
تمام انسان‌ها آزاد به دنیا می‌آیند؛ ۱۲۳۴۵۶
تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔
כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.
בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת הַשָּׁמַיִם וְאֵת הָאָרֶץ ﬡ שׁ
ኣቤት፡ሰዎች፡ሁሉ፡ነጻ፡ሆነው፡ተወልደዋል።
सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतंत्रता प्राप्त है।
क़लम ज़मीन फ़िल्म ड़ ढ़ १२३४५६७८९०
সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। ড় ঢ় য়
ਸਾਰੇ ਇਨਸਾਨ ਅਜ਼ਾਦ ਪੈਦਾ ਹੋਏ ਹਨ।
પ્રતિષ્ઠા અને અધિકારોની દૃષ્ટિએ સર્વ માનવો જન્મથી સ્વતંત્ર હોય છે.
மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர். கொ கோ கௌ
ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులు.
ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ. ೧೨೩
മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടെ ജനിച്ചിട്ടുള്ളവരാണ്. ൻ ൽ
සියලු මනුෂ්‍යයෝ නිදහස්ව උපත ලබා ඇත.
มนุษย์ทั้งปวงเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์ กำ ๑๒๓
ມະນຸດທຸກຄົນເກີດມາມີອິດສະຫຼະ ຫຼ ໜ ໝ
လူတိုင်းသည် တူညီလွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် မွေးဖွားလာသူများဖြစ်သည်။
មនុស្សទាំងអស់កើតមកមានសេរីភាព ១២៣
འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས། ཀྵ
人人生而自由,在尊严和权利上一律平等。
人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心！
中文和English混排，数字123与４５６，标点“引号”、《书名》……——
すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。
いろはにほへと　ちりぬるを。カタカナ、ﾊﾝｶｸｶﾅ ｶﾞ ﾊﾟ がぎぐ ヴ ゞ 々
東京タワーは333メートル㍍です。㌔ ㈱ ㊙ ㋐ 令和㋿ ㍻
모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.
한글 자모 ㄱㄴㄷ ㅏㅑ ﾡ ｱ 각 힣
Монгол хэл ᠮᠣᠩᠭᠣᠯ
ᎣᏏᏲ ᏣᎳᎩ ꭰꭱ
ⵜⴰⵎⴰⵣⵉⵖⵜ ⵣ
ᐃᓄᒃᑎᑐᑦ ᚠᚢᚦᚨᚱᚲ ᛗᛁᛋᛏ 𐌰𐌱𐌲 𐎠𐎡 𒀀𒁀 𓀀𓁐
𐐔𐐯𐑅𐐨𐑉𐐯𐐻 𞤀𞤣𞤤𞤢𞤥 𖬀
Ünïcödé ñormal Å Å Å ộ ộ ộ ộ
1 22 333 4444 55555 1234567890 0x1F 1e-5 3.14159 12,345.67 50% №5
½ ¼ ¾ ⅓ ² ³ ¹ ₂ ⁿ Ⅷ ⅷ ① ⑳ ⒈ ⓐ ㊀ ٣ ३ ๓ 三
ｆｕｌｌ－ｗｉｄｔｈ　ＡＢＣ　１２３　！？（）［］｛｝～￥￦
ﬁne ﬂow ﬀ ﬃ ﬄ ﬅ ﬆ ĳ Ĳ ŉ ǆ ſ ẛ ﬀi
𝐁𝐨𝐥𝐝 𝑖𝑡𝑎𝑙𝑖𝑐 𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝕕𝕠𝕦𝕓𝕝𝕖 𝟎𝟙𝟚𝟯 𝚖𝚘𝚗𝚘 ℌℍℕℝ ℵ ℓ ℡ ™ ℠ © ®
€100 £5 ¥3 ₿1 ₹7 ¢9 $2.50 ﷼ ￠
5°C −3 ±2 ×3 ÷4 ≤ ≥ ≠ ≈ ∞ ∑ ∏ √ ∫ ∬ ∭ ∮ ∂ ∇ ∈ ∉ ⊂ ∅ ∀x∃y ′ ″ ‴ ‵ ⟨a|b⟩
← → ↑ ↓ ⇒ ⇔ ↔ ■ □ ▲ ● ○ ◆ ★ ☆ ♠ ♥ ♪ ✓ ✗ ☺ ☎ ✂ ─│┌┐ ░▒▓
«guillemets» “double” ‘single’ ‚low‘ „low“ ‹x› – — ― … ‥ ․ ‐ ‑ ¿ ¡ § ¶ † ‡ • ‰ ※ ‽
😀 😂 ❤ ❤️ 👍 👍🏽 👩‍👩‍👧‍👦 👨🏿‍🚀 🏳️‍🌈 🏴‍☠️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪🇫🇷🇯🇵 🇺 1️⃣ #️⃣ ©️
🧑🏻‍❤️‍💋‍🧑🏿 🐻‍❄️ 🫠 🥹 text🙂text 🙂🙂🙂
don't DON'T 'tis o''clock ''quoted'' ``ticks'' `code` rock'n'roll ’s it’s
def f(x: int) -> str:\\n    return f"{x!r:>10}"  # comment
for (int i = 0; i < n; ++i) { a[i] += b[i] * c; } // x<y>>z
<div class="a">&nbsp;&lt;tag/&gt;</div><!-- c --> {"key": [1, 2.5, null, true]}
SELECT * FROM t WHERE a <> 'b' AND c LIKE '%d_%' -- done
\\\\server\\share C:\\Users\\x ~/.config/a-b_c.d $HOME/${x} `ls -la | grep ^d`
https://example.org/path/to?q=1&r=%20x#frag http://a.b:8080/ ftp://x user.name+tag@mail.example.co.uk
camelCase PascalCase snake_case kebab-case SCREAMING_CASE HTTPServer2x iPhone eBay
[MASK] <mask> <pad> <s>x</s> <unk> < s > <0x41> <0xE2><0x82><0xAC> <extra_id_0> <extra_id_1>end </s
a<mask>b <mask> c  <mask>  d <MASK> <mask><mask>
<s>Hi</s><pad><pad> hello<extra_id_0>world <|endoftext|><|eot|>
▁ ▁▁ a▁b ▁c Ġword Ċ Ã© ## ##ing @@ @@x
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
abababababababababababababababababab ababa
Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
!!!???...,,,;;;:::---___***###@@@&&&((()))
!?!?.,.,-_-_ :-) ;-) :( <3 ^_^ ¯\\_(ツ)_/¯ (╯°□°)╯︵ ┻━┻
The the THE tHe thE theThe, Theatre other bathe
new york newyork New-York New York's
""".strip("\n").replace("\\n", "\n").replace("\\\\", "\\").split("\n")

TRICKY = [
    "", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n ", "a", " a", "a ", " a ", "  a", "a  ", "  a  b  ", "a\tb", "a\nb", "\na", "a\n",
    "a\r\nb", "a\n\nb", "a \n b", "a  \n\n  b", "\t\ta\tb\t", "a" + " " * 10 + "b", " " * 20, "a" + "\n" * 5 + "b", "x\u0085y", "x\u000by\u000cz",
    "a\u00a0b", "a\u2003b\u2009c\u200ad", "a\u3000b", "\u3000a", "a\u2028b\u2029c", "a\u1680b", "a\u205fb\u202fc", "\u00a0", "\u200b", "a\u200bb", "a\u200cb",
    "a\u200db", "\ufeffa", "a\ufeffb", "a\u00adb", "\u200ea\u200f", "\u202eabc\u202c", "\u2066x\u2069", "a\u2060b", "\ufffda", "a\x00b", "\x01a", "a\x07\x08b", "\x1b[31mred\x1b[0m",
    "\x7f", "a\x80\x8f\x9fb", "\x01", "\ufffe\uffff", "\U0010ffff", "\ue000\U000f0000", "e\u0301", "\u00e9", "e\u0301\u0323", "e\u0323\u0301", "\u1ec7", "a\u0328\u0301",
    "s\u0307\u0323 \u1e69", "\u0301a", " \u0301", "a" + "\u0301" * 20, "Z\u0351\u036b\u0343\u0352a\u0362\u0321l\u0334g\u0322o\u0315", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\uac00\u11a8",
    "\u1100\uac00", "\u0915\u094d\u0937", "\u0915\u093c \u0958", "\u0e01\u0e33", "\u0627\u0653 \u0622", "\uff76\uff9e", "\uff41\u0301", "\ufb01\u0301", "\u2460\u20dd", "\u1e9b\u0323",
    "\u212b\u2126\u212a", "\u037e\u0387\u1fef", "\u0344", "\u0340\u0341", "\u2000\u2001", "\ufb2c\ufb1d", "\u0f77\u0f79\u0f73", "\U0001d15e", "\U0002f800\uf900", "\u00a8\u00b4\u00b8",
    "a\u00a8b", "\u2017\u203e\ufe4d", "\u3131\u1100\uffa1", "\u309b\u309c\u30ff", "\ufdfa\ufdfb", "\u2100\u2105\u33a5\u33ff", "\u1d2c\u02b0\u1d43", "\ud7a3\u11c3", "\u4e00\U00020000",
    "\U0001f1e9\U0001f1ea\U0001f1eb", "\u200d", "\U0001f468\u200d", "\ufe0f", "a\ufe0fb", "\u0600\u0661", "\u0600\u2460", "\r", "\ra", "a\r", "\n\r", "I\u0307 \u0130 i\u0307 \u0131",
    "\u03a3 \u03c3 \u03c2 A\u03a3", "\u1e9e\u00df SS", "\u01c5\u01c8\u01cb\u01f2", "\u10d0\u1c90\u13a0\uab70", "'s", "x's y'S 'T 're 'RE 'Ve 'll 'LL 'd 'm", "'\u017f", "'", "''", "a'b'c", "1's 2nd 3.0'd",
    "123456789012345678901234567890", "12 345 6789", "1a2b3c", "\u0661\u0662\u0663\u0664", "1\u0663\u00b2\u2167 a\u00b3\u00b9\u00bd\u200db", "x^2+y_1=3.5e10", "a.b.c", "...a", "a...", "$5.00!", "- a -b --c",
    "<", "<pad>", "<s>", "</s>", "<unk>", "<unk><unk>", "x<unk>y", "<mask>", " <mask> ", "a <mask>b", "<extra_id_0>", "<0x0A>", "<0x", "\u2581", "\u2581a", "a\u2581", "\u2581\u2581a", " \u2581 ",
    "\u0120a", "``", "''", "\"", "q`w``e```r", "\u0e44\u0e17\u0e22abc\u4e2d\u6587123", "(a)[b]{c}", "a/b\\c|d", "#1 @b &c *d", "tab\tsep\tvalues\n1\t2\t3\n",
    "# Title\n\n* item one\n* item two\n\n    code\n", "line one \nline two  \n\n\nline three\n", "if x:\n\tfoo()\n\telse:\n\t\tbar()\n", "a, b; c: d. e! f? g", "word" * 30, "\u00e9" * 30, "\U0001f600" * 12,
    "\U00011938\u32ff\U0001fbf0\ua7f2", "\u1cf2\u111c9\u0afa\u0b55",
]

TEXTS = LINES + TRICKY
