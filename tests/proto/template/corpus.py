"""Templates that ours and Jinja2 must render to the same bytes, or both refuse."""

VARIABLES = {
    "ctx": {
        "score": {"home": 2, "away": 1},
        "last_line": "GOAL! 2\u20131 Madrid.",
        "players": [
            {"name": "Ana", "goals": 3, "team": {"id": 1}},
            {"name": "bea", "goals": 1, "team": {"id": 2}},
            {"name": "Carla", "goals": 3, "team": {"id": 1}},
        ],
        "empty": {},
        "flag": True,
    },
    "slice": 83,
    "ratio": 0.1,
    "big": 9223372036854775807,
    "negative": -7,
    "zero": 0,
    "nothing": None,
    "yes": True,
    "no": False,
    "numbers": [3, 1, 2],
    "mixed": [1, "a", None, True, 2.5, [1], {"k": "v"}],
    "words": ["b", "A", "c", "a"],
    "text": "  Hello, World!  ",
    "quote": "it's \"so\" \\ n\n\ttab",
    "unicode": "\u00c9t\u00e9 \u00df \u0130 \u01c6 \u03a3\u039f\u03a3 \U0001f600 \u00ad",
    "html": "<b>&'\"</b>",
    "empty_list": [],
    "empty_text": "",
    "exp": 1e16,
    "small": 1e-5,
    "whole_float": 3.0,
}

TEXT = r"""
plain
{{ ctx['score']['home'] }}-{{ ctx['score']['away'] }} at {{ slice }}
{{ ctx.score.home }}{{ ctx.players.0.name }}{{ ctx.players[-1]['name'] }}
{{ ctx }}
{{ mixed }}
{{ quote }}|{{ [quote] }}|{{ [unicode] }}
{{ 'a"b' }}{{ "a'b" }}{{ ['a"b', "a'b", "a'\"b"] }}
{{ "\x41\u00e9\U0001F600\101\n\t\\\q" }}
{{ 'one' 'two' }}
{{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1.5e3 }} {{ 1e-7 }} {{ 2.50 }} {{ 00 }}
{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}
{{ [1, 2, 3] }} {{ [1,] }} {{ [] }} {{ (1, 2) }} {{ (1,) }} {{ () }} {{ 1, 2 }}
{{ {'a': 1, 'b': [1, {'c': none}]} }} {{ {} }} {{ {'a': 1, 'a': 2} }}
{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }}
{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }} {{ 0.0 % -3 }} {{ -0.0 // 3 }}
{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2.0 ** 0.5 }} {{ 4 ** 0 }}
{{ 1 / 3 }} {{ 10 / 5 }} {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 123456789012345.6 }} {{ 1e22 }} {{ 1.0 }}
{{ 1e308 * 10 }} {{ -1e308 * 10 }} {{ 5e-324 }}
{{ 'a' ~ 1 ~ none ~ 1.0 ~ true }} {{ 1 + 2 ~ 3 }} {{ 1 ~ 2 + 3 }}
{{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ 'ab' * -1 }} {{ [1] * 2 }} {{ 'a' + 'b' }} {{ [1] + [2] }}
{{ true + 1 }} {{ true * 3 }} {{ -true }} {{ +5 }} {{ - 5 }} {{ --5 }} {{ +true }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' < 'b' }}
{{ 1 == '1' }} {{ none == none }} {{ none == 0 }} {{ [1, 2] == [1, 2.0] }} {{ [1] == (1,) }}
{{ [1, 2] < [1, 3] }} {{ (1,) < (1, 2) }} {{ {'a': 1} == {'a': 1} }} {{ 'a' != 'b' }}
{{ big == 9223372036854775807.0 }} {{ big < 9223372036854775808.0 }} {{ big }}
{{ 'a' in 'abc' }} {{ 2 in numbers }} {{ 9 not in numbers }} {{ 'score' in ctx }} {{ 1 in ctx }}
{{ not 1 }} {{ not not '' }} {{ not 1 == 2 }} {{ 1 and 0 }} {{ 0 or 'x' }} {{ '' and 1 or 2 }}
{{ 'a' if yes else 'b' }} {{ 'a' if no else 'b' if zero else 'c' }} {{ 1 if ctx.empty else 2 }}
{{ missing is defined }} {{ missing is undefined }} {{ ctx.nope is defined }} {{ slice is defined }}
{{ missing|default('d') }} {{ ctx.nope|d(1) }} {{ ''|default('x') }} {{ ''|default('x', true) }}
{{ missing|default }}| {{ none|default('x') }} {{ none|d('x', boolean=true) }}
{{ nothing is none }} {{ missing is none }} {{ 1 is number }} {{ true is number }} {{ 'a' is string }}
{{ ctx is mapping }} {{ numbers is sequence }} {{ 'a' is sequence }} {{ ctx is sequence }} {{ 1 is sequence }}
{{ 2 is even }} {{ 3 is odd }} {{ -3 is odd }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }}
{{ 1 is not none }} {{ 1 is not string }} {{ not 1 is none }} {{ 1.0 is float }} {{ 1 is integer }}
{{ true is integer }} {{ true is true }} {{ 1 is true }} {{ false is false }} {{ true is boolean }}
{{ 1 is eq 1 }} {{ 1 is lt 2 }} {{ 1 is in [1] }} {{ numbers is iterable }} {{ 1 is iterable }}
{{ 'aBc dEf'|upper }} {{ 'aBc'|lower }} {{ 'aBc dEf-ghI (jK'|title }} {{ 'aBc dEf'|capitalize }}
{{ unicode|upper }} {{ unicode|lower }} {{ unicode|title }} {{ unicode|capitalize }} {{ unicode|length }}
{{ text|trim }}| {{ text.strip() }}| {{ text.lstrip() }}| {{ text.rstrip() }}| {{ 'xxaxx'|trim('x') }} {{ 'xyax'.strip('xy') }}
{{ text|length }} {{ numbers|count }} {{ ctx|length }} {{ ''|length }}
{{ numbers|join(', ') }} {{ numbers|join }} {{ ctx.players|join('; ', attribute='name') }} {{ 'abc'|join('-') }} {{ ctx|join(',') }}
{{ numbers|first }} {{ numbers|last }} {{ 'abc'|first }} {{ 'abc'|last }} {{ ctx|first }} {{ ctx|last }}
{{ 'aaa'|replace('a', 'b') }} {{ 'aaa'|replace('a', 'b', 2) }} {{ 'abc'|replace('', '-') }} {{ 123|replace(2, 'x') }}
{{ ''|replace('', 'x') }} {{ 'abc'|replace('', '-', 2) }} {{ 'aaa'.replace('aa', 'b') }} {{ 'aaa'.replace('a', 'b', 1) }}
{{ 2.5|round }} {{ 3.5|round }} {{ 2.675|round(2) }} {{ 42.55|round(1) }} {{ 42.55|round(1, 'floor') }} {{ 42.51|round(0, 'ceil') }}
{{ 5|round }} {{ 5|round(2) }} {{ 15|round(-1) }} {{ 25|round(-1) }} {{ -15|round(-1) }} {{ 5|round(0, 'floor') }} {{ 1234|round(-2, 'ceil') }}
{{ '42'|int }} {{ ' 42 '|int }} {{ '42.9'|int }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ '0x1f'|int(0, 16) }} {{ 'ff'|int(base=16) }} {{ 3.9|int }} {{ -3.9|int }} {{ none|int }} {{ true|int }} {{ '1_000'|int }} {{ '1e3'|int }} {{ '-5'|int }} {{ '--5'|int }} {{ '0b11'|int(0, 0) }}
{{ '1.5'|float }} {{ 'x'|float }} {{ 'x'|float(2) }} {{ 3|float }} {{ 'nan'|float }} {{ '-inf'|float }} {{ '1_0.5'|float }} {{ none|float }} {{ ' 1e3 '|float }}
{{ 5|string ~ 'x' }} {{ [1, 'a']|string }} {{ none|string }}
{{ ctx|tojson }}
{{ mixed|tojson }} {{ html|tojson }} {{ unicode|tojson }} {{ quote|tojson }} {{ 1.0|tojson }} {{ "\x7f"|tojson }}
{{ ctx|tojson(indent=2) }} {{ []|tojson(2) }} {{ {}|tojson(2) }} {{ [[], [1]]|tojson(indent=1) }}
{{ 'abc'|list }} {{ ctx|list }} {{ (1, 2)|list }}
{{ numbers|sort }} {{ numbers|sort(reverse=true) }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ words|sort(true, true) }}
{{ ctx.players|sort(attribute='goals')|map(attribute='name')|list }} {{ ctx.players|sort(attribute='goals', reverse=true)|map(attribute='name')|join(',') }}
{{ numbers|reverse|list }} {{ 'abc'|reverse }} {{ ctx|reverse|list }}
{{ [1, 2, 1, 1.0, true]|unique|list }} {{ words|unique|list }} {{ words|unique(true)|list }} {{ ctx.players|unique(attribute='goals')|map(attribute='name')|list }}
{{ numbers|sum }} {{ [1.5, 2]|sum }} {{ ctx.players|sum(attribute='goals') }} {{ numbers|sum(start=10) }} {{ []|sum }} {{ [0.1]*3 }} {{ ([0.1]*3)|sum }}
{{ numbers|min }} {{ numbers|max }} {{ words|min }} {{ words|max(case_sensitive=true) }} {{ (ctx.players|max(attribute='goals')).name }}
{{ -5|abs }} {{ (-5)|abs }} {{ -5.5|abs }} {{ true|abs }}
{{ 'hello world foo bar'|truncate(9) }} {{ 'hello world foo bar'|truncate(9, true) }} {{ 'hello world foo bar'|truncate(9, false, '!', 0) }} {{ 'short'|truncate(3) }} {{ 'helloworldfoo'|truncate(9, leeway=0) }}
{% for k, v in ctx.score|items %}{{ k }}={{ v }};{% endfor %}{% for k, v in missing|items %}x{% endfor %}
{{ ['a', 'b']|map('upper')|join }} {{ [1.234, 5.678]|map('round', 1)|list }} {{ ctx.players|map(attribute='team.id')|list }} {{ [{'a': 1}, {}]|map(attribute='a', default=0)|list }} {{ [[1, 2], [3]]|map('first')|list }} {{ [[1, 2]]|map(attribute=1)|list }}
{{ ctx.players|selectattr('goals', 'equalto', 3)|map(attribute='name')|list }} {{ ctx.players|selectattr('goals', 'gt', 1)|list|length }} {{ ctx.players|rejectattr('goals', '>', 1)|map(attribute='name')|list }} {{ ctx.players|selectattr('team.id')|list|length }} {{ ctx.players|selectattr('x', 'defined')|list }}
{{ [1, 0, 2]|select|list }} {{ numbers|select('odd')|list }} {{ numbers|reject('gt', 2)|list }} {{ [1, none]|reject('none')|list }} {{ []|select|list }}
{{ numbers[1:3] }} {{ numbers[::-1] }} {{ numbers[:-1] }} {{ 'hello'[1:3] }} {{ 'hello'[::-2] }} {{ numbers[5:] }} {{ numbers[-100:100] }} {{ unicode[0:3] }} {{ (1,2,3)[::2] }} {{ numbers[:] }} {{ 'abc'[-2:] }} {{ 'abc'[2:0:-1] }}
{{ numbers[0] }} {{ numbers[-1] }} {{ 'abc'[1] }} {{ 'abc'[-1] }} {{ numbers.1 }} {{ (1, 2)[1] }} {{ {'a': 1}['a'] }} {{ {'a': 1}.a }}
{{ ctx.items()|list }} {{ ctx.score.keys() }} {{ ctx.score.values() }} {{ ctx.score.items() }} {{ ctx.score.keys()|list }} {{ ctx.score.items()|length }}
{{ ctx.get('nope') }} {{ ctx.get('nope', 5) }} {{ ctx.get('slice', 'd') }} {{ ctx.score.get('home') }} {{ ctx.get(1, 'x') }}
{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.split(none, 1) }} {{ 'abc'.split('x') }} {{ 'a  b c '.split(maxsplit=1) }} {{ ''.split() }} {{ ''.split(',') }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('c') }} {{ 'aBc'.upper() }} {{ 'aBc'.lower() }} {{ 'aBC'.capitalize() }} {{ ', '.join(['a', 'b']) }}
{% if slice > 80 %}late{% elif slice > 40 %}mid{% else %}early{% endif %}
{% if ctx.empty %}a{% elif zero %}b{% elif nothing %}c{% else %}d{% endif %}
{% if yes %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}
{% for x in numbers %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}:{{ x }} {% else %}none{% endfor %}
{% for x in [] %}x{% else %}empty{% endfor %}{% for x in empty_list %}{% else %}{{ slice }}{% endfor %}
{% for x in numbers if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}{% for x in numbers if x > 9 %}{% else %}none{% endfor %}
{% for k, v in ctx.score.items() %}{{ k }}:{{ v }}{% if not loop.last %}, {% endif %}{% endfor %}
{% for k in ctx.score %}{{ k }}{% endfor %}{% for c in 'abc' %}{{ c }}-{% endfor %}{% for x in 1, 2 %}{{ x }}{% endfor %}
{% for i, (a, b) in [(1, (2, 3))] %}{{ i }}{{ a }}{{ b }}{% endfor %}{% for (a, b) in [[1, 2]] %}{{ a }}{{ b }}{% endfor %}
{% for a in [1, 2] %}{% for b in [3, 4] %}{{ loop.index }}{{ a }}{{ b }} {% endfor %}{{ loop.index }};{% endfor %}
{% for x in numbers %}{{ loop.previtem is defined }}{{ loop.nextitem|default('end') }} {% endfor %}
{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{{ x }}
{% for slice in [slice, 2] %}{{ slice }}{% endfor %}{{ slice }}{% set slice = 3 %}{{ slice }}
{% for i in [1, 2] %}{{ y|default('-') }}{% set y = i %}{{ y }}{% endfor %}{{ y is defined }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t }}{% set c = (3) %}{{ c }}{% set slice = slice + 1 %}{{ slice }}
{% for x in range(3) %}{{ x }}{% endfor %}{{ range(2, 8, 3)|list }} {{ range(5)|length }} {{ range(3, 0, -1)|list }} {{ range(5)[2] }} {{ range(9)|sum }}
{# a comment {{ with }} tags #}after{#- strip -#}  x {#-#} y
a  {{- 1 -}}  b {{- 2 }}  c
a  {%- if yes -%}  b  {%- endif -%}  c
a {{+ 1 }} {%+ if yes +%} b {% endif +%}
{% raw %}{{ not }} {% parsed %}{% endraw %} {%- raw -%}  x  {%- endraw -%}  y
{{ '{{' }} {{ '}}' }} {{ "%}" }} {{ {'a': {'b': {}}} }} { { } } {% if '%}' %}x{% endif %} {
{{ 'a' | upper | lower }} {{ ('a' ~ 'b')|upper }} {{ 'a' ~ 'b'|upper }} {{ 1 + 2|abs }} {{ -1|abs }} {{ - 1.5|round }}
{{ (1 if yes else 2) + 1 }} {{ [1 if no else 2] }} {{ 1 if yes }} {{ 1 if no }} {{ 'a' ~ (1 if no) ~ 'b' }} {{ (1 if no) or 2 }} {{ 'b' if 2 is odd else 'c' }}
{{ yes and 'a' or 'b' }} {{ missing is defined and missing.x }} {{ (missing is defined) == false }}
{{ numbers and 1 }} {{ ctx.empty or [] }} {{ ctx.score.items() and 1 }} {{ ctx.empty.items() or 'empty' }}
{{ exp }} {{ small }} {{ whole_float }} {{ ratio }} {{ [exp, ratio] }} {{ -0.0 }} {{ 100000.0 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1234567.891 }}
{{ big + 0 }} {{ big // 2 }} {{ -big - 1 }} {{ big / 2 }} {{ big % 10 }} {{ big * 1.0 }}
{{ 'x'.upper()|lower ~ 'y'.upper() }} {{ ctx['last_line'][:4] }} {{ ctx.last_line|length }} {{ ctx['last_line'].split('!')[0] }}
{{ words|sort|first }} {{ words|map('upper')|unique|sort|join }} {{ ctx.players|map(attribute='goals')|max }}
{{ [3, 1]|sort ~ '' }} {{ ([1, 2]|first) + 1 }} {{ {'b': 1, 'a': 2}|tojson }} {{ {'b': 1, 'a': 2}|list|sort }}
{{ 'A' 'b'|lower }} {{ 'tab\tx' }} {{ ['\x01\x7f\xa0\u200b\ufeff\U000e0001'] }} {{ ['\r\n\t\0'] }}
{{ 1 is none or 2 }} {{ 1 is defined and 2 }} {{ [1, 2, 3] is sequence }} {{ 3 is divisibleby 3 and 1 }}
{{ {'a': [1, 2, {'b': 'c'}]}.a[2].b }} {{ {'x y': 1}['x y'] }} {{ [[1, 2], [3, 4]][1][0] }}
{{ "multi
line" }} {{ 'ends in {' }} {{ '#}' }} {# #} {#
multi #}x
{{ 'αβγ'|upper }} {{ 'ΑΣ ΣΑ Σ'|lower }} {{ 'ŸÿİıſKÅ'|lower }} {{ 'ﬁ ŉ ǰ'|upper }} {{ 'ǆ ﬁ'|capitalize }} {{ 'straße'|title }}
{{ '\u2003 x\u3000\x1f'|trim }}| {{ '\x85a\x85b'.split() }} {{ 'é' in 'été' }} {{ 'été'[1] }} {{ 'été'|reverse }} {{ 'ét😀'|list }} {{ '😀x'|truncate(4, leeway=0) }}
{{ 5 // 0.3 }} {{ 5 % 0.3 }} {{ -5 // 0.3 }} {{ 1e300 // 1e-5 }} {{ 6.0 // 2.0 }} {{ 2 ** 62 }} {{ 0 ** 0 }} {{ 0.0 ** 0 }} {{ (-2) ** 3 }} {{ (-2.0) ** 2 }} {{ 10 ** -2 }}
{{ ''.join(['a', 'b']|map('upper')) }} {{ 'x' in ['x', 'y']|map('upper') }} {{ [1, 2]|map('string')|join('+') }} {{ 'a b'|title|replace(' ', '')|lower }}
{{ [none, true, 1.0]|join(',') }} {{ [[1, 'a'], {'b': none}]|join(' ') }} {{ {'a': 1}.items()|first|last }}
"""

ERRORS = r"""
{{ missing }}
{{ missing.x }}
{{ ctx.nope.deeper|default('x') }}
{{ ctx.nope }}
{{ numbers[10] }}
{{ missing + 1 }}
{{ missing == 1 }}
{{ missing ~ 'x' }}
{{ missing|upper }}
{{ missing|length }}
{% if missing %}{% endif %}
{% for x in missing %}{% endfor %}
{{ not missing }}
{{ missing and 1 }}
{{ 1 in missing }}
{{ []|first }}
{{ []|max }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1.0 / 0 }}
{{ 0 ** -1 }}
{{ 10.0 ** 400 }}
{{ 'a' + 1 }}
{{ 1 + 'a' }}
{{ 1 + none }}
{{ [1] + 'a' }}
{{ [1] + (1,) }}
{{ 'a' - 'b' }}
{{ 'a' < 1 }}
{{ none < 1 }}
{{ [1, 'a']|sort }}
{{ ['a', 1]|max }}
{{ [1, 'a']|sum }}
{{ 1 in 'abc' }}
{{ 1 in 5 }}
{{ 5|length }}
{{ none|length }}
{{ 5|join }}
{{ 5|first }}
{{ 5|list }}
{{ 'a'|round }}
{{ none|abs }}
{{ 1|truncate }}
{{ 'a'|truncate(1) }}
{{ -'a' }}
{{ 'inf'|float|int }}
{{ 'a'|nofilter }}
{{ 1 is notest }}
{{ 1|round(0, 'up') }}
{{ ctx.players|map('nofilter')|list }}
{{ ctx.players|selectattr('goals', 'notest')|list }}
{{ [[1]]|unique|list }}
{{ {'a': 1}[[1]:2] }}
{{ 'abc'.split('') }}
{{ 'abc'.startswith(1) }}
{{ ', '.join([1]) }}
{{ numbers['a':] }}
{{ numbers[::0] }}
{{ range(1, 2, 0) }}
{{ range('a') }}
{% for a, b in [1] %}{% endfor %}
{% for a, b in [[1, 2, 3]] %}{% endfor %}
{% set a, b = [1] %}
{{ 5|items|list }}
{{ 'x'.get('y') }}
{{ ctx.upper() }}
{{ numbers.get(1) }}
{{ missing|tojson }}
{{
{{ 1
{% if %}{% endif %}
{% if 1 %}
{% for x in numbers %}
{% for in numbers %}{% endfor %}
{% endif %}
{% else %}
{% unknown %}
{# open
{{ 1 + }}
{{ * 1 }}
{{ (1 }}
{{ [1 }}
{{ 1) }}
{{ 'open }}
{{ a b }}
{{ 1 2 }}
{{ a.'b' }}
{{ a. }}
{{ a| }}
{{ 1 is }}
{{ @ }}
{{ a ! b }}
{{ 1 if }}
{{ {'a'} }}
{{ {'a' 1} }}
{{ f(a=1, 2) }}
{{ 1 is defined is true }}
{% set 1 = 2 %}
{% set x %}
{% set true = 1 %}
{% if 1 %}{% else %}{% elif 2 %}{% endif %}
{% for x in [1] %}{% else %}{% else %}{% endfor %}
{{ '\x4' }}
{{ '\u12' }}
{{ 08 }}
{{ a = 1 }}
{{}}
{{ }}
{%%}
{{ upper('a') }}
{{ 'a'|upper(1) }}
{{ 'a'|replace('b') }}
{{ 1|default(1, 2, 3) }}
{{ 'a'|trim(nope=1) }}
{{ 'a'|replace('b', old='c') }}
"""

# Jinja2 takes these, we refuse: (what, template).
OUTSIDE = [
    ("macro", "{% macro m() %}x{% endmacro %}{{ m() }}"),
    ("call", "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}x{% endcall %}"),
    ("filter block", "{% filter upper %}x{% endfilter %}"),
    ("block", "{% block b %}x{% endblock %}"),
    ("with", "{% with a = 1 %}{{ a }}{% endwith %}"),
    ("autoescape", "{% autoescape true %}x{% endautoescape %}"),
    ("print", "{% print 1 %}"),
    ("set block", "{% set x %}a{% endset %}{{ x }}"),
    ("set block with filter", "{% set x | upper %}a{% endset %}{{ x }}"),
    ("namespace", "{% set ns = namespace(a=1) %}{{ ns.a }}"),
    ("namespace alone", "{{ namespace is defined }}"),
    ("set loop", "{% set loop = 1 %}{{ loop }}"),
    ("recursive", "{% for x in [] recursive %}{% endfor %}"),
    ("loop.cycle", "{% for x in [1] %}{{ loop.cycle('a') }}{% endfor %}"),
    ("loop.depth", "{% for x in [1] %}{{ loop.depth }}{% endfor %}"),
    ("loop.changed", "{% for x in [1] %}{{ loop.changed(x) }}{% endfor %}"),
    ("whole numbers beyond 64 bits", "{{ 9223372036854775807 + 1 }}"),
    ("whole numbers beyond 64 bits", "{{ 9223372036854775808 }}"),
    ("whole numbers beyond 64 bits", "{{ 2 ** 63 }}"),
    ("whole numbers beyond 64 bits", "{{ 1e30|int }}"),
    ("whole numbers beyond 64 bits", "{{ '99999999999999999999'|int }}"),
    ("whole numbers beyond 64 bits", "{{ 9223372036854775807 * 2 }}"),
    ("complex numbers", "{{ (-8) ** 0.5 }}"),
    ("percent formatting", "{{ '%s' % 1 }}"),
    ("keys that are not strings", "{{ {1: 2} }}"),
    ("undefined inside a list", "{{ [missing] }}"),
    ("methods without call", "{{ ctx.items is defined }}"),
    ("methods without call", "{{ 'a'.upper is defined }}"),
    ("methods without call", "{{ ctx['keys'] is defined }}"),
    ("other methods", "{{ 'a'.center(5) }}"),
    ("other methods", "{{ 'a{}'.format(1) }}"),
    ("other methods", "{{ ctx.copy() }}"),
    ("other methods", "{{ 'aXb'.title() }}"),
    ("other calls", "{{ dict(a=1) }}"),
    ("names that start with two underscores", "{{ ctx.__class__ is defined }}"),
    ("names outside of ASCII", "{% set \u00e9 = 1 %}{{ \u00e9 }}"),
    ("arguments with a star", "{{ 'a'|replace(*['a', 'b']) }}"),
    ("reading an iterator twice", "{% set x = [1]|map('string') %}{{ x|list }}{{ x|list }}"),
    ("the name escape", "{{ '\\N{BULLET}' }}"),
    ("escaped letters outside of ASCII", "{{ '\\\u00e9' }}"),
    ("tuples as prefixes", "{{ 'abc'.startswith(('a', 'b')) }}"),
    ("sorting by several attributes", "{{ ctx.players|sort(attribute='goals,name')|length }}"),
    ("a default for a path", "{{ [{}]|map(attribute='a.b', default=1)|list }}"),
    ("negative precision of floats", "{{ 1234.5|round(-2) }}"),
    ("indent by text", "{{ [1]|tojson('  ') }}"),
    ("tojson of NaN", "{{ 'nan'|float|tojson }}"),
    ("comparing views", "{{ ctx.keys() == ctx.keys() }}"),
    ("printing a range", "{{ range(3) }}"),
    ("a tuple as a subscript", "{{ ctx[1, 2] is defined }}"),
    ("slicing a range", "{{ range(5)[1:]|list }}"),
    ("unused iterators are lazy", "{% set x = ['a']|map('round') %}ok"),
    ("raw without end", "{% raw %}"),
    ("deep nesting", "{{ " + "(" * 70 + "1" + ")" * 70 + " }}"),
] + [(f"filter {name}", "{{ ['a']|%s|string|length > 0 }}" % name)
     for name in ("batch(2)", "slice(2)", "pprint", "random")
] + [(f"filter {name}", "{{ 'a b'|%s }}" % name)
     for name in ("center", "e", "escape", "forceescape", "indent", "safe", "striptags", "urlencode",
                  "urlize", "wordcount", "wordwrap")
] + [(f"filter {name}", text) for name, text in (
    ("attr", "{{ 'a'|attr('x') is defined }}"), ("dictsort", "{{ ctx.score|dictsort }}"),
    ("filesizeformat", "{{ 1000|filesizeformat }}"), ("format", "{{ '%s'|format(1) }}"),
    ("groupby", "{{ ctx.players|groupby('goals')|length }}"),
    ("xmlattr", "{{ {'a': 1}|xmlattr }}"))
] + [(f"test {name}", "{{ 'a' is %s }}" % name)
     for name in ("callable", "escaped", "filter", "test", "lower", "upper", "sameas 'a'")]


def split(text):
    """One template a line; a line that leaves a quote or comment open goes on in the next."""
    return [part for part in text.split("\n") if part]


def cases():
    """Every (template, variables) that is written by hand."""
    joined = TEXT.replace('{{ "multi\nline" }}', '{{ "multi\0line" }}').replace(
        "{#\nmulti #}", "{#\0multi #}")
    texts = [line.replace("\0", "\n") for line in split(joined)]
    single = []
    for text in texts:
        if text.count("{{") > 1 and "{%" not in text and "{#" not in text and "{{-" not in text \
                and "'{{'" not in text:
            single += ["{{" + part for part in text.split("{{")[1:]]
    layout = ["", "\n", "a\n", "a\n\n", "a\r\nb\rc\r\n", "\n\na", "{{ 1 }}\n", " \n{% if 1 %}\n x\n{% endif %}\n",
              "{% for x in [1,2] -%}\n  {{ x }}\n{%- endfor %}\n", "{{ 'a\r\nb' }}", "{%-if 1-%} x {%-endif-%}",
              "{{-1-}}", "a{#b#}c", "{%if yes%}a{%endif%}", "x {{- 'y' -}}\u2003z", "{% if 1: %}x{% endif %}"]
    return [(text, VARIABLES) for text in texts + single + split(ERRORS) + layout]
