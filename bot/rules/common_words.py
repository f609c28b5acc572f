"""Words that make passwords easy to guess here: what the strength estimate's own lists do not know (O3)."""

NORWEGIAN = """
passord passordet hemmelig hemmelighet velkommen sommer sommeren vinter vinteren høst høsten vår
våren januar februar mars april mai juni juli august september oktober november desember mandag
tirsdag onsdag torsdag fredag lørdag søndag norge norsk nordmann oslo bergen trondheim stavanger
tromsø kristiansand drammen fredrikstad bodø ålesund haugesund rosenborg brann vålerenga viking
lillestrøm molde odin thor loke frøya balder midgard troll trollet fjord fjorden fjell fjellet skog
skogen hytte hytta hyttetur påske påsken julenissen jul julaften syttendemai ferie sommerferie kaffe
kaffekopp brunost pølse taco tacofredag vaffel melkesjokolade kvikklunsj solskinn regnvær snømann
nordlys midnattssol sykkel sykkeltur fotball håndball langrenn skitur elsker elskerdeg kjærlighet
kjæreste familie barna mamma pappa mormor morfar bestemor bestefar søster bror prins prinsesse konge
dronning katten hunden hest hesten pusekatt valp skole skolen jobb jobben kontor kontoret sjefen
bedrift kommune kommunen sykehus sykehuset avdeling bruker brukernavn bokstav eksempel endre
endremeg bytte byttmeg nytt nyttpassord glemt glemtpassord midlertidig standard administrator
tilgang logginn innlogging datamaskin maskinen telefon mobil tastatur drage dragen mester stjerne
engel sjokolade
"""

ENGLISH = """
password passphrase letmein welcome changeme secret company employee temporary default summer winter
spring autumn monday tuesday wednesday thursday friday saturday sunday january february march april
june july august september october november december office service support helpdesk account login
security microsoft outlook teams azure entra windows
"""

COMMON: tuple[str, ...] = (*NORWEGIAN.split(), *ENGLISH.split())
