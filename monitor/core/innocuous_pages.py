"""Pages and redirects such as every website has. A marker of a block page that fits one of them would accuse half the web.

They are written for this purpose, after what servers, publishing systems and content networks commonly send.
"""

from collections.abc import Iterable
from typing import Final

from probes.kit.fingerprint import Fingerprint, Place
from probes.kit.fingerprints import FingerprintMarkers
from probes.kit.observation import Mark

_ARTICLE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="index, follow">
<meta property="og:type" content="article">
<meta name="twitter:card" content="summary_large_image">
<title>Human rights news</title>
<link rel="stylesheet" href="/wp-content/themes/news/style.css">
<link rel="icon" href="/favicon.ico">
<link rel="alternate" type="application/rss+xml" href="/feed/">
<script async src="https://www.googletagmanager.com/gtag/js?id=G-0000000000"></script>
<script>window.dataLayer = window.dataLayer || []; function gtag(){dataLayer.push(arguments);} gtag('js', new Date());</script>
</head>
<body class="home">
<div id="content" class="container"><header><h1>News</h1><nav><ul><li><a href="/about/">About us</a></li>
<li><a href="https://www.facebook.com/example">Facebook</a></li><li><a href="https://t.me/example">Telegram</a></li></ul></nav></header>
<main><article><h2>Our website has been blocked</h2><p>Access to our website was restricted on Monday. The site is blocked by
Internet providers by decision of the authorities; the regulator did not answer. Use a VPN or Tor to read us.</p>
<p><img src="/images/photo.jpg" alt="Photo"> <a href="https://www.example.org/en/donate?utm_source=site">Donate</a></p></article></main>
<form action="/search" method="get"><input type="text" name="q"><button type="submit">Search</button></form>
<footer><p>&copy; 2026 All rights reserved. <a href="mailto:info@example.org">Contact</a></p></footer></div>
<script src="/wp-includes/js/jquery/jquery.min.js"></script>
</body>
</html>
"""

_ARTICLE_IN_RUSSIAN: Final = """<!DOCTYPE html>
<html lang="ru"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>Новости</title></head>
<body><div class="wrapper"><h1>Наш сайт заблокирован</h1><p>Роскомнадзор ограничил доступ к нашему сайту по требованию
Генеральной прокуратуры. Сайт внесён в реестр запрещённых сайтов. Операторы связи закрыли доступ на территории Российской
Федерации. Читайте нас по-прежнему.</p><p>Подпишитесь на рассылку. Поддержите нас. Copyright 2026.</p>
<a href="https://rkn.gov.ru/">Роскомнадзор</a></div>
<script src="https://mc.yandex.ru/metrika/tag.js"></script></body></html>
"""

_SERVERS: Final = """\
<html></html>

<html><head></head><body></body></html>

<html>
<head><title>403 Forbidden</title></head>
<body>
<center><h1>403 Forbidden</h1></center>
<hr><center>nginx</center>
</body>
</html>

<html>
<head><title>502 Bad Gateway</title></head>
<body>
<center><h1>502 Bad Gateway</h1></center>
<hr><center>nginx</center>
</body>
</html>

<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head>
<title>404 Not Found</title>
</head><body>
<h1>Not Found</h1>
<p>The requested URL was not found on this server.</p>
<hr>
<address>Apache/2.4.66 (Debian) Server at www.example.org Port 443</address>
</body></html>

<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and working.</p></body></html>

<html><head><title>503 Service Unavailable</title></head><body><h1>Service Unavailable</h1>
<p>The server is temporarily unable to service your request. Please try again later.</p></body></html>

<html><head><title>Error</title></head><body>
<p>An error occurred. Access denied. Please contact the administrator.</p></body></html>

<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>
<noscript>Enable JavaScript and cookies to continue</noscript>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>
"""
"""What servers and content networks say by themselves, with an empty line between one page and the next."""

PAGES: Final = (_ARTICLE, _ARTICLE_IN_RUSSIAN, *_SERVERS.split("\n\n"))

LOCATIONS: Final = (
    "/",
    "/en/",
    "/index.php?page=login&next=%2F",
    "https://www.example.org/",
    "http://example.org/home",
    "https://example.org/ru/news/2026/11/22/article.html?utm_source=site",
    "https://login.example.com/oauth2/authorize?client_id=1&redirect_uri=https%3A%2F%2Fwww.example.org%2F",
)

HEADERS: Final = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.28.0\r\nVia: 1.1 varnish\r\nContent-Type: text/html\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nServer: Apache/2.4.66 (Debian)\r\nVia: 1.1 google\r\nContent-Type: text/html\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nServer: cloudflare\r\nContent-Type: text/html\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/10.0\r\nContent-Type: text/html\r\n\r\n",
)

ADDRESSES: Final = (
    *("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222"),
    *("77.88.8.8", "94.140.14.14", "2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe"),
)
"""Public resolvers: names are known to lead to them, and nobody forges answers that do."""

TITLES: Final = ("Home", "Error", "403 Forbidden", "404 Not Found", "Access denied", "Attention Required! | Cloudflare")


def too_common(fingerprints: Iterable[Fingerprint]) -> tuple[Mark, ...]:
    """The marks among `fingerprints` that something innocuous bears. Certificates are not looked at."""
    markers = FingerprintMarkers((one for one in fingerprints if one.place is not Place.CERTIFICATE), {})
    found = [*markers.of_answers(ADDRESSES)]
    found += [mark for page in PAGES for mark in markers.of_response(HEADERS[0], None, None, page.encode(), page)]
    found += [mark for location in LOCATIONS for mark in markers.of_response(HEADERS[0], location, None, b"", "")]
    found += [mark for head in HEADERS for mark in markers.of_response(head, None, None, b"", "")]
    found += [mark for title in TITLES for mark in markers.of_response(HEADERS[0], None, title, b"", "")]
    return tuple(dict.fromkeys(found))
