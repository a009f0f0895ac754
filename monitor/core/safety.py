"""Where looking can endanger the person who looks, and what to tell them before the first look.

The list errs on the side of caution: it decides only whether a person is asked first. It is no legal finding about any country,
and a country's absence from it is no promise. `docs/safety.md` says more.
"""
# ruff: noqa: RUF001 (Cyrillic letters are what Russian is written in)

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from monitor.core.model import Words

HOSTILE: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "AE": Words(en="the United Arab Emirates", ru="ОАЭ"),
        "AZ": Words(en="Azerbaijan", ru="Азербайджан"),
        "BY": Words(en="Belarus", ru="Беларусь"),
        "CN": Words(en="China", ru="Китай"),
        "CU": Words(en="Cuba", ru="Куба"),
        "EG": Words(en="Egypt", ru="Египет"),
        "IR": Words(en="Iran", ru="Иран"),
        "KP": Words(en="North Korea", ru="Северная Корея"),
        "MM": Words(en="Myanmar", ru="Мьянма"),
        "RU": Words(en="Russia", ru="Россия"),
        "SA": Words(en="Saudi Arabia", ru="Саудовская Аравия"),
        "TJ": Words(en="Tajikistan", ru="Таджикистан"),
        "TM": Words(en="Turkmenistan", ru="Туркменистан"),
        "UZ": Words(en="Uzbekistan", ru="Узбекистан"),
        "VN": Words(en="Vietnam", ru="Вьетнам"),
    }
)
"""Country code to its name."""

_EVERYWHERE = Words(
    en="Cutwatch asks for the websites of the shipped organisations every few minutes, from this line. Your internet provider, "
    "and whoever reads along there, sees which names you ask for and how regularly. The sites see this machine's address.",
    ru="Cutwatch каждые несколько минут обращается с этой линии к сайтам организаций из поставляемого списка. Ваш провайдер и "
    "все, кто имеет доступ к его данным, видят, какие имена вы запрашиваете и как регулярно. Сайты видят адрес этой машины.",
)

_RUSSIA = Words(
    en="You are in Russia. Many of the shipped organisations have been declared «undesirable» there: taking part in their "
    "activities is punishable (Code of Administrative Offences, art. 20.33; Criminal Code, art. 284.1), and giving them money "
    "is prosecuted. Whether regular automatic visits could be held against you, nobody can promise you. Most who need to look "
    "from Russia are safer running Cutwatch outside and looking through a proxy that is nobody's home line.",
    ru="Вы находитесь в России. Многие организации из поставляемого списка признаны там «нежелательными»: участие в их "
    "деятельности наказуемо (ст. 20.33 КоАП, ст. 284.1 УК), за переводы им денег преследуют. Никто не может обещать, что "
    "регулярные автоматические обращения к их сайтам не поставят вам в вину. Если нужно смотреть из России, чаще всего "
    "безопаснее запустить Cutwatch за её пределами и смотреть через прокси, который не является чьей-либо домашней линией.",
)

_ELSEWHERE = Words(
    en="Your country is on a short, deliberately cautious list of those where people have been prosecuted for what they do "
    "online. Regular visits to the sites of human rights organisations may draw attention to you there. If you can, run "
    "Cutwatch in another country.",
    ru="Ваша страна входит в короткий, намеренно осторожный список стран, где людей преследовали за действия в сети. "
    "Регулярные обращения к сайтам правозащитных организаций могут привлечь к вам внимание. Если возможно, запустите "
    "Cutwatch в другой стране.",
)


def is_hostile(country: str | None) -> bool:
    """Whether a person must say yes before anything is looked at from `country` (two capital letters; None: not known)."""
    return country in HOSTILE


def note(country: str | None) -> tuple[Words, ...]:
    """What looking at the shipped organisations can mean for somebody in `country`: one paragraph each, most particular first."""
    if country == "RU":
        return _RUSSIA, _EVERYWHERE
    return (_ELSEWHERE, _EVERYWHERE) if is_hostile(country) else (_EVERYWHERE,)
