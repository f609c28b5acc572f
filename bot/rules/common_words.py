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

# Everyday words and names, well known but not banned: two or three of them, a year and a sign are no secret.
WELL_KNOWN = """
ferien sommerfugl sommernatt vinterferie påskeferie høstferie juleferie helg helgen fredagskos lørdagskveld
hjem hjemme huset leilighet bilen båten båttur sjøen havet stranden sola solen månen stjernen himmel himmelen
regn snø storm vann vannet elva elven fossen dalen byen landet verden jorden gård gården hage hagen blomst
blomster rose roser eple banan jordbær blåbær bringebær appelsin sitron potet gulrot brød melk ost smør egg kake
kaken pizza pannekaker lefse lutefisk fårikål ribbe pinnekjøtt laks torsk reker krabbe øl pils vin rødvin brus
saft godteri iskrem hund katt fisk fugl elg reinsdyr bjørn bjørnen ulv ulven rev reven ørn ørnen hare mus løve
løven tiger elefant kanin hamster rød grønn blå gul svart hvit lilla rosa oransje brun en to tre fire fem seks
sju åtte ni ti hundre tusen million første andre tredje dag dagen natt natten morgen kveld kvelden god godt
gode fin fint fine stor stort liten lille gammel gamle ung unge snill glad lykke lykkelig lykken fred frihet håp
tro hunden hunder katter hester valpen ponni kalv lam gris grisen kua kjærlig elsk elske elsket kyss
klem venn venner vennen bestevenn vennskap jente jenta jenter gutt gutten
gutter kvinne mann mannen kone kona ektemann far faren mor moren baby sønn datter tante onkel fetter kusine
lærer lege sykepleier politi brannmann rørlegger elektriker snekker butikk butikken bank banken penger pengene
lønn lommebok nøkkel nøkkelen dør døren lås vindu kode koden passordkode mittpassord nyttpassord adgang tilgangen
start slutt stopp hjelp hjelpe takk hei heisann hallo hade morna skål gratulerer bursdag fødselsdag bryllup
ski skiene skøyter langrennski slalåm hopp friidrett svømming løping trening trene spill spille musikk musikken
gitar piano sang sangen film filmen bok boken avis radio data nett nettet internett server system systemet
bruker1 gjest admin test tester testing prøve ansatt ansatte leder lederen møte møtet rapport prosjekt faktura
vakt vakten skift turnus pasient elev eleven student lærling rektor skoleåret semester eksamen
asker bærum lørenskog lillehammer hamar gjøvik elverum kongsberg sandefjord tønsberg larvik skien porsgrunn
arendal grimstad mandal sandnes førde florø narvik harstad alta hammerfest kirkenes steinkjer levanger svalbard
lofoten norden sverige danmark finland island europa amerika nordnorge sørlandet vestlandet østlandet trøndelag
finnmark nordland hordaland rogaland telemark innlandet vestfold agder
anne anna inger kari marit ingrid liv eva berit astrid bjørg hilde marianne nina bente randi elin linda silje
camilla emma nora sara sofie maja ida thea julie emilie frida mari maria kristin per lars ole jan bjørn kjell
arne knut svein hans geir tor terje morten martin andreas kristian henrik magnus jonas mathias lucas oliver jakob
emil noah filip oskar erik olav harald haakon sverre sigrid solveig gunnar rune øyvind stian espen thomas

holiday vacation family hello freedom sunshine princess
dragon monkey football baseball soccer master shadow superman batman trustno starwars whatever iloveyou love loves
lovely lover forever happy birthday christmas easter flower flowers coffee chocolate cookie cheese pizza banana
orange purple yellow silver golden green black white house home garden kitchen window computer internet network
server system laptop mobile phone number office365 manager user username guest student teacher school college
business work worker money bank secure access enter open hello1 goodbye thanks please norway london england america
europe newyork paris world earth heaven angel angels jesus god church king queen prince knight tiger lion eagle
wolf bear horse puppy kitten kitty dog dogs cat cats bird fish mother father mommy daddy sister brother baby child
children friend friends girl girls boy boys woman man people music guitar piano movie game games player gamer
morning evening night today tomorrow yesterday year month week day time life good great best cool super big little
new old first last one two three four five six seven eight nine ten hundred thousand million sun moon star stars
sky rain snow storm fire water ocean beach river mountain forest island summertime wintertime springtime change
reset forgot forgotten remember key keys lock unlock pass word code login1 admin root test testing tester example
michael jennifer jessica ashley daniel andrew joshua matthew thomas robert william james john david george charlie
jordan hunter harley ranger buster ginger pepper cookie maggie liverpool arsenal chelsea manchester united barcelona
madrid yankees cowboys ferrari mercedes porsche corvette mustang toyota honda yamaha
"""

# Small words between others: they are counted as hardly anything, and make no passphrase.
SMALL = """
og jeg du han hun den det vi dere de meg deg seg oss er var har på til for med som en et ei av om men så nå her
der hva min mitt mine din ditt dine kan vil skal må ikke no ja nei også hvor når i
the and you are was for with that this not but my me we he she it is in on of to a an your mine can will do so
no yes am be our us so much very more
"""

COMMON: tuple[str, ...] = (*NORWEGIAN.split(), *ENGLISH.split())
EVERYDAY: tuple[str, ...] = tuple(WELL_KNOWN.split())
FILLERS: tuple[str, ...] = tuple(SMALL.split())
