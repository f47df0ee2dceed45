"""The account that the benchmark reads."""

from rule.credential_report import parse_readable
from tools.benchmark.population import Population


def test_suspects_are_spread_evenly_and_every_fourth_other_user_is_a_robot() -> None:
    people = Population(200, 5).people
    assert [each.number for each in people if each.suspect] == list(range(19, 200, 20))
    assert sum(not each.has_password for each in people) == 190 // 4


def test_its_credential_report_is_one_that_the_rule_reads() -> None:
    population = Population(50, 10)
    users = parse_readable(population.report)
    assert [user.name for user in users] == [each.name for each in population.people]
    unused = [user.name for user in users if user.keys[0].last_used is None]
    assert unused == [each.name for each in population.people if each.suspect]
