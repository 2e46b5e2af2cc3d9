# Compares the results of a run with what is committed, both ways: a better one is a difference too.
# Arguments: expected.json, one index.json for each report; with --accept before them the first is written.

import json
import sys


def key(case):
    return [int(part) for part in case.split('.')]


def read_results(paths):
    cases = {}
    for path in paths:
        with open(path) as file:
            cases.update(json.load(file)['echo'])
    return {case: [cases[case]['behavior'], cases[case]['behaviorClose']] for case in sorted(cases, key=key)}


def write(path, results):
    lines = ('  %s: %s' % (json.dumps(case), json.dumps(result)) for case, result in results.items())
    with open(path, 'w') as file:
        file.write('{\n' + ',\n'.join(lines) + '\n}\n')


def compare(results, expected):
    differences = [case for case in expected if results.get(case) != expected[case]]
    differences += [case for case in results if case not in expected]
    for case in sorted(differences, key=key):
        print('case %s: %s, expected %s' % (case, results.get(case, 'not run'), expected.get(case, 'nothing')))
    print('%d passed, %d failed' % (len(expected) - len([c for c in differences if c in expected]), len(differences)))
    return not differences


arguments = [argument for argument in sys.argv[1:] if argument != '--accept']
results = read_results(arguments[1:])
if '--accept' in sys.argv:
    write(arguments[0], results)
else:
    with open(arguments[0]) as file:
        sys.exit(not compare(results, json.load(file)))
