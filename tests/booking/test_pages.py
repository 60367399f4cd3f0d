"""A participant's pages, without JavaScript."""

from sqlalchemy import event

from portal.booking.domain import Details, Mode
from portal.db.engine import Database
from portal.enquiries.service import EnquiryService
from tests.booking.conftest import utc


def visitor(desk, group="carer"):
    """A client of somebody who has consented."""
    client, invited = desk.world.participant_client(group)
    client.get("/information")
    desk.world.consent(invited.participant)
    return client, invited.participant


def buttons(page):
    return [str(one.get("value")) for one in page.all("button") if one.get("name") == "starts_at"]


def choose(client, page, at):
    return client.submit(page, {"starts_at": at})


def test_it_works_without_javascript(desk):
    desk.interviewer()
    client, person = visitor(desk)
    times = client.get("/interview/times")
    assert times.heading == "Choose a time for the interview"
    assert "2026-11-26T09:00:00+00:00" in buttons(times)  # 24 hours' notice from 10:00, in the first five days
    assert not [one for one in buttons(times) if one < "2026-11-25T10"]
    confirm = choose(client, times, "2026-11-26T10:00:00+00:00")
    assert confirm.heading == "Confirm the time"
    assert "We keep this time for you until 10:1" in confirm.text
    done = client.submit(confirm, {"mode": "video"})
    assert done.heading == "Your interview"
    assert "Thursday 26 November 2026, 10:00 (UK time)" in done.text
    assert "In 2 days" in done.text
    home = client.get("/home")
    assert "Thursday 26 November 2026, 10:00 (UK time)" in home.text
    assert desk.booking.current(person.id).mode is Mode.VIDEO


def test_who_has_not_consented_is_told_kindly(desk):
    desk.interviewer()
    client, _ = desk.world.participant_client()
    page = client.get("/interview/times")
    assert (page.status, page.heading) == (409, "Consent comes first")


def test_filters_and_calendar(desk):
    desk.interviewer("09:00-20:00")
    client, _ = visitor(desk)
    evening = buttons(client.get("/interview/times?part=evening"))
    assert evening
    assert all(int(one[11:13]) >= 17 for one in evening)
    calendar = client.get("/interview/times?part=evening&view=calendar")
    assert "November 2026" in calendar.text
    assert "/interview/times?part=evening&from=2026-12-01" in calendar.links()
    assert buttons(client.get("/interview/times?from=2026-12-01"))[0].startswith("2026-12-01")
    for odd in ("?from=yesterday", "?part=night", "?view=x", "?from=9999-12-31", "?from=0001-01-01"):
        assert client.get(f"/interview/times{odd}").status == 200


def test_paging_shows_every_day_once(desk):
    desk.interviewer("09:00-10:00")
    client, _ = visitor(desk)
    page, seen = client.get("/interview/times"), []
    while True:
        seen += buttons(page)
        later = [one.get("href") for one in page.all("a") if "Later days" in "".join(one.itertext())]
        if not later:
            break
        page = client.get(later[0])
    assert seen == sorted(set(seen))
    assert len(seen) == len(desk.times(desk.person()))


def test_a_time_taken_while_reading_leads_to_the_nearest_and_loses_nothing(desk):
    desk.interviewer()
    client, person = visitor(desk)
    times = client.get("/interview/times")
    desk.book(desk.person(), "2026-11-26 10:00")
    taken = choose(client, times, "2026-11-26T10:00:00+00:00")
    assert (taken.status, taken.heading) == (409, "Sorry, this time is not free any more")
    assert buttons(taken)
    confirm = choose(client, taken, buttons(taken)[0])
    assert confirm.heading == "Confirm the time"
    desk.world.clock.forward(minutes=11)
    held = confirm.form_values(confirm.all("form")[-1])["starts_at"]
    desk.book(desk.person(), held[:16].replace("T", " "))
    written = {"mode": "phone", "phone": "01632 960123", "access_needs": "Short & <b>breaks</b>", "interpreter": "yes"}
    again = client.submit(confirm, written)
    assert again.heading == "Sorry, this time is not free any more"
    done = choose(client, again, buttons(again)[0])
    assert done.heading == "Your interview"
    kept = desk.booking.current(person.id).details
    assert kept == Details(Mode.PHONE, "", interpreter=True, access_needs="Short & <b>breaks</b>", phone="01632 960123")


def test_telephone_needs_a_number_and_keeps_what_was_written(desk):
    desk.interviewer()
    client, _ = visitor(desk)
    confirm = choose(client, client.get("/interview/times"), "2026-11-26T10:00:00+00:00")
    page = client.submit(confirm, {"mode": "phone", "access_needs": "captions"})
    assert "Enter the telephone number that we should ring" in page.text
    assert "captions" in page.text
    assert "Enter a telephone number, like" in client.submit(page, {"mode": "phone", "phone": "ring me"}).text
    assert client.submit(page, {"mode": "phone", "phone": "+44 1632 960123"}).heading == "Your interview"


def test_moving_and_changing_the_details(desk):
    desk.interviewer()
    client, person = visitor(desk)
    choose_and_book(client, "2026-11-26T10:00:00+00:00")
    times = client.get("/interview/times")
    assert "This time stays yours until you have confirmed another one" in times.text
    confirm = choose(client, times, "2026-11-26T10:30:00+00:00")
    assert "Your time until now: Thursday 26 November 2026, 10:00" in confirm.text
    assert desk.booking.current(person.id).starts_at == utc("2026-11-26 10:00")
    client.submit(confirm, {"mode": "video"})
    assert desk.booking.current(person.id).starts_at == utc("2026-11-26 10:30")
    details = client.get("/interview/confirm")
    assert details.heading == "How would you like to talk?"
    client.submit(details, {"mode": "phone", "phone": "01632960123"})
    assert desk.booking.current(person.id).mode is Mode.PHONE


def choose_and_book(client, at):
    return client.submit(choose(client, client.get("/interview/times"), at), {"mode": "video"})


def test_cancelling_with_and_without_a_reason(desk):
    desk.interviewer()
    client, person = visitor(desk)
    choose_and_book(client, "2026-11-26T10:00:00+00:00")
    page = client.submit(client.get("/interview/cancel"), {})
    assert "is cancelled" in page.text
    assert desk.booking.current(person.id) is None
    assert client.get("/interview/cancel").heading == "Your interview"
    choose_and_book(client, "2026-11-26T10:00:00+00:00")
    client.submit(client.get("/interview/cancel"), {"why": "The baby is ill"})
    assert desk.booking.current(person.id) is None


def test_none_of_these_suit_reaches_the_teams_inbox(desk):
    desk.interviewer()
    client, person = visitor(desk)
    page = client.get("/interview/other-times")
    assert "Write when you could talk with us" in client.submit(page, {"body": " "}).text
    assert "The team will look" in client.submit(page, {"body": "Mondays after seven"}).text
    posts = desk.world.get(EnquiryService).mine(person)
    assert [one.text for one in posts] == ["None of the free times suits me.\nMondays after seven"]
    for _more in range(20):
        page = client.submit(client.get("/interview/other-times"), {"body": "Any Tuesday"})
    assert "You have sent many messages today" in page.text
    assert "Any Tuesday" in page.text


def test_another_zone_shows_both_hours(desk):
    desk.interviewer()
    client, _ = visitor(desk)
    page = client.get("/interview/zone")
    client.submit(page, {"zone": "Asia/Kolkata"})
    times = client.get("/interview/times")
    assert "14:30" in times.text
    assert "(09:00 UK)" in times.text
    done = choose_and_book(client, "2026-11-26T10:00:00+00:00")
    assert "10:00 (UK time), which is 15:30 in Kolkata" in done.text
    refused = client.submit(client.get("/interview/zone"), {"zone": "../../etc/passwd"})
    assert "Not a valid choice" in refused.text


def test_forged_times_lead_back_to_the_list(desk):
    desk.interviewer()
    client, person = visitor(desk)
    for odd in ("", "x", "2026-11-26T10:00:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+00:00"):
        times = client.get("/interview/times")
        assert choose(client, times, odd).address == "/interview/times"
    far = choose(client, client.get("/interview/times"), "2031-11-26T10:00:00+00:00")
    assert far.status == 409
    assert desk.booking.held(person.id) is None


def test_it_takes_three_steps(desk):
    """From her page: choose, confirm, done. Nothing else is asked for."""
    desk.interviewer()
    client, _ = visitor(desk, "practitioner")
    steps = [client.get("/interview/times")]
    steps.append(choose(client, steps[-1], buttons(steps[-1])[0]))
    steps.append(client.submit(steps[-1], {}))
    assert steps[-1].heading == "Your interview"


def test_the_slot_page_asks_a_constant_number_of_questions(desk):
    client, _ = visitor(desk)
    desk.interviewer()
    few = questions(desk, client)
    for day in range(1, 4):
        desk.interviewer()
        desk.book(desk.person(), f"2026-12-0{day} 10:00")
    assert questions(desk, client) == few


def questions(desk, client):
    """How many statements the page of times sends to the database."""
    client.get("/interview/times")  # so that keeping the session alive is not counted
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engine = desk.world.get(Database).engine
    event.listen(engine, "before_cursor_execute", note)
    client.get("/interview/times")
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_two_people_at_the_same_time_over_http(desk):
    desk.interviewer()
    (one, first), (two, second) = visitor(desk), visitor(desk)
    pages = [(client, client.get("/interview/times")) for client in (one, two)]
    answers = [choose(client, page, "2026-11-26T10:00:00+00:00") for client, page in pages]
    assert [answer.status for answer in answers] == [200, 409]
    assert desk.booking.held(first.id)
    assert desk.booking.held(second.id) is None
    assert "2026-11-26T10:00:00+00:00" not in buttons(answers[1])
