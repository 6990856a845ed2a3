"""Destinations: which mailbox provider is behind an address.

A provider has many domains and takes mail for those of its customers too. How fast it takes mail,
and what it thinks of us, is one thing for all of them, so a lane is for a provider, not for a
domain. Known domains are a table; a hosted domain is told by where its MX records point.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

OTHER = "other"
"""Every provider that has no name here."""


def _table(groups: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(
        {domain: group for group, words in groups.items() for domain in words.split()}
    )


# The providers' own consumer domains, as their sign-up pages and postmaster pages name them.
MAILBOX_DOMAINS: Mapping[str, str] = _table(
    {
        "google": "gmail.com googlemail.com google.com",
        "microsoft": """
            outlook.com hotmail.com live.com msn.com passport.com windowslive.com
            outlook.at outlook.be outlook.cl outlook.co.id outlook.co.il outlook.co.th
            outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr
            outlook.com.vn outlook.cz outlook.de outlook.dk outlook.es outlook.fr outlook.hu
            outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my
            outlook.ph outlook.pt outlook.sa outlook.sg outlook.sk
            hotmail.be hotmail.ca hotmail.ch hotmail.cl hotmail.co.jp hotmail.co.uk hotmail.com.ar
            hotmail.com.au hotmail.com.br hotmail.com.tr hotmail.de hotmail.dk hotmail.es
            hotmail.fi hotmail.fr hotmail.gr hotmail.it hotmail.nl hotmail.no hotmail.se
            live.at live.be live.ca live.cl live.cn live.co.uk live.co.za live.com.ar live.com.au
            live.com.mx live.com.pt live.de live.dk live.fi live.fr live.hk live.ie live.in live.it
            live.jp live.nl live.no live.ru live.se""",
        "yahoo": """
            yahoo.com ymail.com rocketmail.com myyahoo.com aol.com aim.com verizon.net
            yahoo.at yahoo.be yahoo.ca yahoo.co.id yahoo.co.in yahoo.co.kr yahoo.co.nz yahoo.co.th
            yahoo.co.uk yahoo.co.za yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.co
            yahoo.com.hk yahoo.com.mx yahoo.com.my yahoo.com.pe yahoo.com.ph yahoo.com.sg
            yahoo.com.tr yahoo.com.tw yahoo.com.ve yahoo.com.vn yahoo.cz yahoo.de yahoo.dk yahoo.es
            yahoo.fi yahoo.fr yahoo.gr yahoo.hu yahoo.ie yahoo.in yahoo.it yahoo.nl yahoo.no
            yahoo.pl yahoo.pt yahoo.ro yahoo.se
            aol.co.uk aol.de aol.fr aol.it aol.es aol.ca aol.com.au aol.com.br netscape.net
            att.net sbcglobal.net bellsouth.net ameritech.net pacbell.net swbell.net frontier.com
            frontiernet.net rogers.com sky.com""",
        "yahoo_japan": "yahoo.co.jp ybb.ne.jp ymail.ne.jp",
        "apple": "icloud.com me.com mac.com",
        "gmx": """
            gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.eu gmx.fr gmx.es gmx.co.uk gmx.us gmx.org
            web.de mail.com email.com caramail.com""",
        "t_online": "t-online.de magenta.de",
        "proton": "proton.me protonmail.com protonmail.ch pm.me",
        "fastmail": "fastmail.com fastmail.fm messagingengine.com",
        "zoho": "zoho.com zoho.eu zohomail.com zohomail.eu zoho.in zohomail.in",
        "comcast": "comcast.net xfinity.com",
        "charter": "charter.net spectrum.net roadrunner.com rr.com twc.com brighthouse.com",
        "cox": "cox.net",
        "virgin": "virginmedia.com ntlworld.com blueyonder.co.uk virgin.net",
        "bt": "btinternet.com btopenworld.com talk21.com",
        "orange": "orange.fr wanadoo.fr",
        "free": "free.fr",
        "laposte": "laposte.net",
        "sfr": "sfr.fr neuf.fr club-internet.fr cegetel.net",
        "libero": "libero.it virgilio.it iol.it inwind.it blu.it giallo.it",
        "tim": "tim.it alice.it tin.it",
        "seznam": "seznam.cz email.cz post.cz spoluzaci.cz",
        "wp": "wp.pl o2.pl tlen.pl",
        "onet": "onet.pl op.pl vp.pl poczta.onet.pl onet.eu interia.pl",
        "mail_ru": "mail.ru inbox.ru list.ru bk.ru internet.ru",
        "yandex": "yandex.ru yandex.com ya.ru yandex.by yandex.kz yandex.ua",
        "tencent": "qq.com foxmail.com vip.qq.com",
        "netease": "163.com 126.com yeah.net vip.163.com",
        "naver": "naver.com",
        "daum": "daum.net hanmail.net kakao.com",
        "docomo": "docomo.ne.jp",
        "uol": "uol.com.br bol.com.br",
        "rediff": "rediffmail.com",
    }
)
# Where the MX records of hosted domains point, by the end of the host's name.
MX_SUFFIXES: Mapping[str, str] = _table(
    {
        "google": "google.com googlemail.com",
        "microsoft": "protection.outlook.com mx.microsoft olc.protection.outlook.com hotmail.com",
        "yahoo": "yahoodns.net",
        "yahoo_japan": "yahoo.co.jp",
        "apple": "icloud.com apple.com",
        "gmx": "gmx.net web.de mail.com gmx.com",
        "ionos": "kundenserver.de ionos.com ionos.co.uk ionos.es ionos.fr 1and1.com perfora.net",
        "strato": "rzone.de strato.de",
        "t_online": "t-online.de",
        "proton": "protonmail.ch",
        "fastmail": "messagingengine.com",
        "zoho": "zoho.com zoho.eu zoho.in zohomail.com",
        "comcast": "comcast.net",
        "charter": "charter.net",
        "cox": "cox.net",
        "mimecast": "mimecast.com mimecast.co.za mimecast-offshore.com",
        "proofpoint": "pphosted.com ppe-hosted.com ppops.net",
        "barracuda": "barracudanetworks.com cudamail.com",
        "cisco": "iphmx.com",
        "trend_micro": "trendmicro.com trendmicro.eu trendmicro.co.jp",
        "hornet": "hornetsecurity.com antispameurope.com",
        "messagelabs": "messagelabs.com",
        "cloudflare": "mx.cloudflare.net",
        "amazon": "amazonaws.com awsapps.com",
        "rackspace": "emailsrvr.com",
        "godaddy": "secureserver.net",
        "namecheap": "registrar-servers.com privateemail.com",
        "hostinger": "hostinger.com titan.email",
        "ovh": "ovh.net ovh.ca",
        "gandi": "gandi.net",
        "orange": "orange.fr wanadoo.fr",
        "free": "free.fr",
        "libero": "libero.it",
        "aruba": "aruba.it",
        "seznam": "seznam.cz",
        "mail_ru": "mail.ru",
        "yandex": "yandex.ru yandex.net",
        "tencent": "qq.com qcloudmail.com",
        "netease": "163.com netease.com",
        "alibaba": "mxhichina.com aliyun.com",
        "naver": "naver.com worksmobile.com",
    }
)
DESTINATIONS = frozenset({OTHER, *MAILBOX_DOMAINS.values(), *MX_SUFFIXES.values()})
"""Every name that a destination can have; a name that is in use never changes its meaning."""


def destination_of(domain: str) -> str | None:
    """Return the provider of a well-known domain (ASCII, lower case); None: ask its MX records."""
    return MAILBOX_DOMAINS.get(domain)


def rolled_up(mx_hosts: Sequence[str]) -> str:
    """Return the provider that these MX hosts, most preferred first, belong to.

    The most preferred one decides: a gateway in front of a provider is who takes our mail.
    """
    return _of_host(mx_hosts[0]) if mx_hosts else OTHER


def _of_host(host: str) -> str:
    labels = host.lower().rstrip(".").split(".")
    ends = (".".join(labels[at:]) for at in range(len(labels) - 1))
    return next((MX_SUFFIXES[end] for end in ends if end in MX_SUFFIXES), OTHER)
