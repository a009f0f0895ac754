"""The closed words with which people describe an incident, each with its label in English and Russian.

`contracts.md` fixes the lists. Words are only ever added; one that is no longer wanted stays readable and is never used for
something else.
"""
# ruff: noqa: RUF001 (Cyrillic letters are what Russian is written in)

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from monitor.core.model import Language


class ActorKind(StrEnum):
    """What sort of body an actor is."""

    STATE_COURT = "state_court"
    STATE_PROSECUTOR = "state_prosecutor"
    STATE_REGULATOR = "state_regulator"
    STATE_MINISTRY = "state_ministry"
    STATE_OTHER = "state_other"
    NETWORK_OPERATOR = "network_operator"
    REGISTRY = "registry"
    REGISTRAR = "registrar"
    DNS_PROVIDER = "dns_provider"
    HOSTING_PROVIDER = "hosting_provider"
    CDN_PROVIDER = "cdn_provider"
    CERTIFICATE_AUTHORITY = "certificate_authority"
    PAYMENT_PROVIDER = "payment_provider"
    BANK = "bank"
    CHARITY_PLATFORM = "charity_platform"
    MAILING_PROVIDER = "mailing_provider"
    EMAIL_PROVIDER = "email_provider"
    SOCIAL_PLATFORM = "social_platform"
    MESSENGER = "messenger"
    VIDEO_PLATFORM = "video_platform"
    SEARCH_ENGINE = "search_engine"
    APP_STORE = "app_store"
    SAAS_PROVIDER = "saas_provider"
    UNKNOWN = "unknown"


class ActorRole(StrEnum):
    """What an actor did."""

    ORDERER = "orderer"
    REQUESTER = "requester"
    IMPLEMENTER = "implementer"
    DESIGNATOR = "designator"
    REGISTRAR_OF_LIST = "registrar_of_list"
    REPORTER = "reporter"


class Compulsion(StrEnum):
    """Why whoever carried it out did so."""

    STATE_ACT = "state_act"
    STATE_ORDERED = "state_ordered"
    STATE_ORDERED_INFERRED = "state_ordered_inferred"
    RESPONSE_TO_STATE_ACT = "response_to_state_act"
    SANCTIONS = "sanctions"
    SANCTIONS_OVERCOMPLIANCE = "sanctions_overcompliance"
    TERMS_OF_SERVICE = "terms_of_service"
    COURT_PRIVATE = "court_private"
    TECHNICAL = "technical"
    VOLUNTARY = "voluntary"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What exactly was done."""

    WEBSITE_BLOCK_ORDERED = "website_block_ordered"
    WEBSITE_BLOCK_IMPLEMENTED = "website_block_implemented"
    WEBSITE_UNBLOCKED = "website_unblocked"
    THROTTLED = "throttled"
    ACCOUNT_BLOCK_DEMANDED = "account_block_demanded"
    ACCOUNT_GEO_BLOCKED = "account_geo_blocked"
    ACCOUNT_BLOCKED = "account_blocked"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_TERMINATED = "account_terminated"
    CONTENT_REMOVED = "content_removed"
    DELISTED = "delisted"
    APP_REMOVED = "app_removed"
    REGISTRAR_SERVICE_WITHDRAWN = "registrar_service_withdrawn"
    DOMAIN_SUSPENDED = "domain_suspended"
    DOMAIN_SEIZED_OR_DELETED = "domain_seized_or_deleted"
    HOSTING_SERVICE_WITHDRAWN = "hosting_service_withdrawn"
    PAYMENT_SERVICE_REFUSED = "payment_service_refused"
    PAYMENT_SERVICE_RESTRICTED = "payment_service_restricted"
    FUNDS_FROZEN = "funds_frozen"
    PROJECT_REMOVED = "project_removed"
    NONPROFIT_PLAN_REFUSED = "nonprofit_plan_refused"
    COUNTRY_REFUSED = "country_refused"
    DESIGNATED_FOREIGN_AGENT = "designated_foreign_agent"
    DESIGNATED_UNDESIRABLE = "designated_undesirable"
    DESIGNATED_EXTREMIST = "designated_extremist"
    OFFICE_DEREGISTERED = "office_deregistered"
    REINSTATEMENT_PROCESS_ANNOUNCED = "reinstatement_process_announced"
    REINSTATED = "reinstated"


class LegalBasis(StrEnum):
    """On what an act was based, as its author says."""

    COURT_ORDER = "court_order"
    EXTRAJUDICIAL_ORDER = "extrajudicial_order"
    FOREIGN_AGENT_LAW = "foreign_agent_law"
    UNDESIRABLE_ORG_LAW = "undesirable_org_law"
    EXTREMISM_LAW = "extremism_law"
    FALSE_INFORMATION_LAW = "false_information_law"
    SANCTIONS = "sanctions"
    EXPORT_CONTROL = "export_control"
    COPYRIGHT = "copyright"
    DATA_PROTECTION = "data_protection"
    TERMS_OF_SERVICE = "terms_of_service"
    NONE_STATED = "none_stated"
    UNKNOWN = "unknown"


class StatedResult(StrEnum):
    """What the source says that it came to, however things went on."""

    BLOCKED = "blocked"
    BLOCKED_IN_COUNTRY = "blocked_in_country"
    DELISTED = "delisted"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    REMOVED = "removed"
    CLOSED = "closed"
    DESIGNATED = "designated"
    IN_FORCE_AS_OF_REPORT = "in_force_as_of_report"
    NOTICE_SERVED = "notice_served"
    ANNOUNCED = "announced"
    ONGOING_PRACTICE = "ongoing_practice"
    PARTIALLY_IMPLEMENTED = "partially_implemented"
    PROCESS_ANNOUNCED = "process_announced"
    UNKNOWN = "unknown"


class Continuation(StrEnum):
    """Whether it goes on, as far as the sources say."""

    ORDERED_NOT_SEEN = "ordered_not_seen"
    ONGOING = "ongoing"
    INTERMITTENT = "intermittent"
    PARTIALLY_RESTORED = "partially_restored"
    ENDED = "ended"
    AVERTED = "averted"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What came of it."""

    NONE = "none"
    APPEAL_PENDING = "appeal_pending"
    APPEAL_REFUSED = "appeal_refused"
    PROCESS_ANNOUNCED = "process_announced"
    REINSTATED_FULL = "reinstated_full"
    REINSTATED_PARTIAL = "reinstated_partial"
    MIGRATED = "migrated"
    ASSET_LOST = "asset_lost"
    NOT_PURSUED = "not_pursued"
    UNKNOWN = "unknown"


class Review(StrEnum):
    """How far people have checked the entry."""

    DRAFT = "draft"
    REPORTED = "reported"
    CORROBORATED = "corroborated"
    MEASURED = "measured"
    DISPUTED = "disputed"
    CORRECTED = "corrected"
    RETRACTED = "retracted"


class Basis(StrEnum):
    """On what a single statement rests."""

    MEASURED = "measured"
    DOCUMENT = "document"
    SELF_REPORT = "self_report"
    MEDIA = "media"
    PROVIDER = "provider"
    DERIVED = "derived"


_LABELS: Final[Mapping[type[StrEnum], Mapping[str, tuple[str, str]]]] = MappingProxyType(
    {
        ActorKind: {
            ActorKind.STATE_COURT: ("Court", "Суд"),
            ActorKind.STATE_PROSECUTOR: ("Prosecutor", "Прокуратура"),
            ActorKind.STATE_REGULATOR: ("Communications regulator", "Регулятор связи"),
            ActorKind.STATE_MINISTRY: ("Ministry", "Министерство"),
            ActorKind.STATE_OTHER: ("Other state body", "Иной госорган"),
            ActorKind.NETWORK_OPERATOR: ("Network operator / ISP", "Оператор связи"),
            ActorKind.REGISTRY: ("Domain registry", "Реестр доменов"),
            ActorKind.REGISTRAR: ("Domain registrar", "Регистратор доменов"),
            ActorKind.DNS_PROVIDER: ("DNS provider", "DNS-провайдер"),
            ActorKind.HOSTING_PROVIDER: ("Hosting provider", "Хостинг"),
            ActorKind.CDN_PROVIDER: ("CDN / DDoS protection", "CDN"),
            ActorKind.CERTIFICATE_AUTHORITY: ("Certificate authority", "Удостоверяющий центр"),
            ActorKind.PAYMENT_PROVIDER: ("Payment provider", "Платёжный провайдер"),
            ActorKind.BANK: ("Bank", "Банк"),
            ActorKind.CHARITY_PLATFORM: ("Donation platform", "Платформа пожертвований"),
            ActorKind.MAILING_PROVIDER: ("Mailing provider", "Сервис рассылок"),
            ActorKind.EMAIL_PROVIDER: ("E-mail provider", "Почтовый провайдер"),
            ActorKind.SOCIAL_PLATFORM: ("Social platform", "Социальная сеть"),
            ActorKind.MESSENGER: ("Messenger", "Мессенджер"),
            ActorKind.VIDEO_PLATFORM: ("Video platform", "Видеоплатформа"),
            ActorKind.SEARCH_ENGINE: ("Search engine", "Поисковая система"),
            ActorKind.APP_STORE: ("App store", "Магазин приложений"),
            ActorKind.SAAS_PROVIDER: ("Online service", "Онлайн-сервис"),
            ActorKind.UNKNOWN: ("Unknown", "Неизвестно"),
        },
        ActorRole: {
            ActorRole.ORDERER: ("Ordered it", "Вынес решение"),
            ActorRole.REQUESTER: ("Demanded it", "Потребовал"),
            ActorRole.IMPLEMENTER: ("Carried it out", "Исполнил"),
            ActorRole.DESIGNATOR: ("Designated", "Признал"),
            ActorRole.REGISTRAR_OF_LIST: ("Keeps the register", "Ведёт реестр"),
            ActorRole.REPORTER: ("Reported it", "Сообщил"),
        },
        Compulsion: {
            Compulsion.STATE_ACT: ("Act of the state itself", "Акт государства"),
            Compulsion.STATE_ORDERED: ("Ordered by a state", "По требованию государства"),
            Compulsion.STATE_ORDERED_INFERRED: ("Order inferred from sources", "Требование предполагается"),
            Compulsion.RESPONSE_TO_STATE_ACT: ("Reaction to a state act", "Реакция на акт государства"),
            Compulsion.SANCTIONS: ("Sanctions law", "Санкции"),
            Compulsion.SANCTIONS_OVERCOMPLIANCE: ("Sanctions over-compliance", "Избыточное соблюдение санкций"),
            Compulsion.TERMS_OF_SERVICE: ("Terms of service", "Правила сервиса"),
            Compulsion.COURT_PRIVATE: ("Private litigation", "Частный иск"),
            Compulsion.TECHNICAL: ("Technical fault", "Техническая причина"),
            Compulsion.VOLUNTARY: ("Own decision", "Собственное решение"),
            Compulsion.UNKNOWN: ("Unknown", "Неизвестно"),
        },
        Action: {
            Action.WEBSITE_BLOCK_ORDERED: ("Website block ordered", "Решение о блокировке сайта"),
            Action.WEBSITE_BLOCK_IMPLEMENTED: ("Website block in place", "Сайт заблокирован"),
            Action.WEBSITE_UNBLOCKED: ("Website unblocked", "Сайт разблокирован"),
            Action.THROTTLED: ("Throttled", "Замедлен"),
            Action.ACCOUNT_BLOCK_DEMANDED: ("Account block demanded", "Требование заблокировать аккаунт"),
            Action.ACCOUNT_GEO_BLOCKED: ("Blocked in one country", "Заблокирован в стране"),
            Action.ACCOUNT_BLOCKED: ("Account blocked", "Аккаунт заблокирован"),
            Action.ACCOUNT_SUSPENDED: ("Account suspended", "Аккаунт приостановлен"),
            Action.ACCOUNT_TERMINATED: ("Account closed", "Аккаунт закрыт"),
            Action.CONTENT_REMOVED: ("Content removed", "Контент удалён"),
            Action.DELISTED: ("Removed from search", "Удалён из поиска"),
            Action.APP_REMOVED: ("App removed from store", "Приложение удалено"),
            Action.REGISTRAR_SERVICE_WITHDRAWN: ("Registrar ends service", "Регистратор прекращает обслуживание"),
            Action.DOMAIN_SUSPENDED: ("Domain on hold", "Домен приостановлен"),
            Action.DOMAIN_SEIZED_OR_DELETED: ("Domain seized or deleted", "Домен изъят или удалён"),
            Action.HOSTING_SERVICE_WITHDRAWN: ("Host ends service", "Хостинг прекращает обслуживание"),
            Action.PAYMENT_SERVICE_REFUSED: ("Payments refused", "Отказ в приёме платежей"),
            Action.PAYMENT_SERVICE_RESTRICTED: ("Payments restricted", "Платежи ограничены"),
            Action.FUNDS_FROZEN: ("Funds frozen", "Средства заморожены"),
            Action.PROJECT_REMOVED: ("Project removed", "Проект удалён"),
            Action.NONPROFIT_PLAN_REFUSED: ("Non-profit plan refused", "Отказ в тарифе для НКО"),
            Action.COUNTRY_REFUSED: ("Country not served", "Страна не обслуживается"),
            Action.DESIGNATED_FOREIGN_AGENT: ("Designated foreign agent", "Признан иностранным агентом"),
            Action.DESIGNATED_UNDESIRABLE: ("Designated undesirable", "Признан нежелательным"),
            Action.DESIGNATED_EXTREMIST: ("Designated extremist", "Признан экстремистским"),
            Action.OFFICE_DEREGISTERED: ("Office de-registered", "Лишён регистрации"),
            Action.REINSTATEMENT_PROCESS_ANNOUNCED: ("Reinstatement route announced", "Объявлена процедура восстановления"),
            Action.REINSTATED: ("Reinstated", "Восстановлен"),
        },
        LegalBasis: {
            LegalBasis.COURT_ORDER: ("Court order", "Судебное решение"),
            LegalBasis.EXTRAJUDICIAL_ORDER: ("Extrajudicial order", "Внесудебное решение"),
            LegalBasis.FOREIGN_AGENT_LAW: ("Foreign agent law", "Закон об иноагентах"),
            LegalBasis.UNDESIRABLE_ORG_LAW: ("Undesirable organisation law", "Закон о нежелательных организациях"),
            LegalBasis.EXTREMISM_LAW: ("Extremism law", "Закон об экстремизме"),
            LegalBasis.FALSE_INFORMATION_LAW: ("False information law", "Закон о фейках"),
            LegalBasis.SANCTIONS: ("Sanctions", "Санкции"),
            LegalBasis.EXPORT_CONTROL: ("Export control", "Экспортный контроль"),
            LegalBasis.COPYRIGHT: ("Copyright", "Авторское право"),
            LegalBasis.DATA_PROTECTION: ("Data protection", "Персональные данные"),
            LegalBasis.TERMS_OF_SERVICE: ("Terms of service", "Правила сервиса"),
            LegalBasis.NONE_STATED: ("None stated", "Не указано"),
            LegalBasis.UNKNOWN: ("Unknown", "Неизвестно"),
        },
        StatedResult: {
            StatedResult.BLOCKED: ("Blocked", "Заблокировано"),
            StatedResult.BLOCKED_IN_COUNTRY: ("Blocked in the country", "Заблокировано в стране"),
            StatedResult.DELISTED: ("Removed from search results", "Удалено из поисковой выдачи"),
            StatedResult.SUSPENDED: ("Suspended", "Приостановлено"),
            StatedResult.TERMINATED: ("Ended for good", "Прекращено окончательно"),
            StatedResult.REMOVED: ("Removed", "Удалено"),
            StatedResult.CLOSED: ("Closed", "Закрыто"),
            StatedResult.DESIGNATED: ("Designated", "Внесено в реестр"),
            StatedResult.IN_FORCE_AS_OF_REPORT: ("In force when the report was written", "Действовало на момент доклада"),
            StatedResult.NOTICE_SERVED: ("Notice was given", "Направлено уведомление"),
            StatedResult.ANNOUNCED: ("Announced", "Объявлено"),
            StatedResult.ONGOING_PRACTICE: ("Standing practice", "Постоянная практика"),
            StatedResult.PARTIALLY_IMPLEMENTED: ("Carried out in part", "Исполнено частично"),
            StatedResult.PROCESS_ANNOUNCED: ("A way back was announced", "Объявлена процедура восстановления"),
            StatedResult.UNKNOWN: ("Not stated", "Не указано"),
        },
        Continuation: {
            Continuation.ORDERED_NOT_SEEN: ("Ordered, not observed", "Решение есть, не наблюдается"),
            Continuation.ONGOING: ("Ongoing", "Продолжается"),
            Continuation.INTERMITTENT: ("Intermittent", "С перерывами"),
            Continuation.PARTIALLY_RESTORED: ("Partly restored", "Частично восстановлено"),
            Continuation.ENDED: ("Ended", "Завершено"),
            Continuation.AVERTED: ("Averted", "Предотвращено"),
            Continuation.UNKNOWN: ("Unknown", "Неизвестно"),
        },
        Outcome: {
            Outcome.NONE: ("No change", "Без изменений"),
            Outcome.APPEAL_PENDING: ("Appeal pending", "Обжалуется"),
            Outcome.APPEAL_REFUSED: ("Appeal refused", "Жалоба отклонена"),
            Outcome.PROCESS_ANNOUNCED: ("Route announced", "Процедура объявлена"),
            Outcome.REINSTATED_FULL: ("Fully reinstated", "Полностью восстановлен"),
            Outcome.REINSTATED_PARTIAL: ("Partly reinstated", "Частично восстановлен"),
            Outcome.MIGRATED: ("Moved to another provider", "Переход к другому провайдеру"),
            Outcome.ASSET_LOST: ("Asset lost", "Актив утрачен"),
            Outcome.NOT_PURSUED: ("Not pursued", "Не обжаловалось"),
            Outcome.UNKNOWN: ("Unknown", "Неизвестно"),
        },
        Review: {
            Review.DRAFT: ("Draft", "Черновик"),
            Review.REPORTED: ("Reported, single source", "Один источник"),
            Review.CORROBORATED: ("Corroborated", "Подтверждено вторым источником"),
            Review.MEASURED: ("Measured by probes", "Измерено зондами"),
            Review.DISPUTED: ("Disputed", "Оспаривается"),
            Review.CORRECTED: ("Corrected", "Исправлено"),
            Review.RETRACTED: ("Retracted", "Отозвано"),
        },
        Basis: {
            Basis.MEASURED: ("Measured", "Измерено"),
            Basis.DOCUMENT: ("Stated in a document", "По документу"),
            Basis.SELF_REPORT: ("Stated by the affected party", "Со слов пострадавшего"),
            Basis.MEDIA: ("Stated by media", "По данным СМИ"),
            Basis.PROVIDER: ("Stated by the provider", "По данным провайдера"),
            Basis.DERIVED: ("Derived", "Выведено"),
        },
    }
)
"""By vocabulary: several of them hold words that are spelled alike, and mean something else."""


def label(word: StrEnum, language: Language) -> str:
    """What readers see for one of these words."""
    english, russian = _LABELS[type(word)][word]
    return russian if language == "ru" else english
