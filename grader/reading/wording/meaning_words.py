"""Words that change, scale or retract a value, and are therefore never dropped.

Students of many countries write in their own language where a number is asked for. Dropping a word
for "minus" or "million" would make it another number.
"""

import re
from typing import Final

from grader.lazy_regex import lazy_regex

CHANGING: Final = lazy_regex(
    r"not|either|neither|minus|neg|negative|plus|less|more|fewer|under|over|below|above|least|most|between|or|half"
    r"|halves|thirds|quarters?|twice|double|triple|times|squared?|cubed?|root|cent|except|pi"
    r"|halved|doubled|tripled|quadrupled|factorial|transposed?|inverse|none"
    r"|repeating|recurring|periodic|periodisch|périodique|periódico|periodico"
    r"|floor|ceil|ceiling|sqrt|abs|round|int|log|ln|lg|ld|lb|exp|sin|cos|tan|tanh|arctan"
    r"|moins|menos|meno|минус|eksi|miinus|mínusz?|négati(?:f|ve)|negativo?"
    r"|nicht|keine?|nie|niet|ikke|inte|pas|não|не|нет"
    r"|halbe?|hälfte|moitié|mitad|metade|metà|половина|połowa|doppelte?|doppio|doble|dobro|вдвое"
    r"|mindestens|höchstens|wenigstens|mehr|weniger|más|mais|più|более|менее|больше|меньше|минимум"
    r"|zwischen|entre|между|über|unter|außer|sauf|excepto|кроме|oder|oppure|или|lub|ou|ciento|cento"
    r"|.*(?:[不非没無无负負半倍或减減加乘除超多少最至未]|以上|以下|以内|マイナス|ない"
    r"|마이너스|아니|이상|이하|절반).*"
)
"""Words that change the meaning of a number."""
SCALING: Final = lazy_regex(
    r"tens|(?:hundred|thousand|million|billion|trillion)(?:s|ths?)?|la(?:kh|c)s?|cr|crores?|dozens?"
    r"|(?:four|fif|six|seven|eigh|nin|ten)ths|(?:per|pro)?mille|permil|mil(?:l|li)?s?|ppm|ppb"
    r"|[mb]il+i?ons?"
    r"|mln|mio|mrd|tsd|mn|bn|bil|bio|tn|mm|kk|gigs?|megs?|kilos?|mega|giga|tera|peta|[kmgtp]i"
    r"|pc|pp|basis|yüzde"
    r"|hundert|tausend|millionen|milliarden?|billionen|mil|mill(?:ones|ón|iards?)|mili(?:oni|ardi)"
    r"|dutzend|docenas?|douzaines?|dúzias?|дюжин[аы]?|milliers?|centaines?|cientos|centos|mila"
    r"|mil(?:ione|iardo|h[ãõ]o|hões|ioane|iarde?)|bilh(?:ão|ões)|mii|mil(?:j|i)ard(?:er|y|ów)?"
    r"|mil(?:j|i)on(?:er|y|ów|u|ů)?|miljoen|miljoonaa?|millioner|duizend|tus(?:en|ind)|tuhatta|tuhat"
    r"|tysiąc[ea]?|tysięcy|tys|tisíce?|tis|millió|milliárd|ezer|milyon|milyar|bin|juta|ribu|miliar"
    r"|triệu|nghìn|ngàn|tỷ|tỉ|εκατομμύρι[οα]|χιλιάδες|מיליון|אלף|مليون|ألف|مليار|میلیون|هزار"
    r"|мил(?:лион|лиард|ьйон)(?:а|ов|ів)?|мільйон(?:а|ів)?|мільярд(?:а|ів)?|тысяч[аи]?|тисяч[аі]?"
    r"|млн|млрд|тыс|тис|.*[十百千万萬亿億兆만억천].*"
)
"""Words that scale a number."""
HEDGE: Final = lazy_regex(
    r"(?<![^\W_])(?:or|not|nor|maybe|perhaps|either|neither|probably|possibly|presumably|might|may"
    r"|could|alternatively|otherwise|instead|else|unsure|guess(?:ing|ed)?|[a-z]+n't)(?![^\W_])"
)
"""Words with which a remark retracts the value or offers another."""
PART: Final = lazy_regex(r"(?:third|(?:four|fif|six|seven|eigh|nin|ten|hundred)th)", re.IGNORECASE)
"""A word for a share directly after a number: ``1 third``."""
TOTAL: Final = frozenset(
    {"total", "altogether", "overall", "final", "insgesamt", "zusammen", "totale"}
)
"""Words that mark a number in a remark as the final result: ``36 (144 total)``."""
TIMES_BEFORE: Final = frozenset({"times", "mal", "fois", "veces", "multiplied"})
"""Words with which a remark continues the computation: ``91 (times 40)``."""
EASTERN: Final = (
    r"答案|正解|答え|答|结果|結果|总共|總共|总计|合计|合計|一共|总|共|等于|等於|为|為|是|个|個|参数量?|參數"
    r"|像素|通道|层|層|は|です|つ|パラメータ|画素|チャンネル|정답|답|은|는|개|입니다|파라미터|매개변수"
)
"""East Asian words next to a number, without a space, that do not change its meaning."""
