"""The keys of a visitor's session, and what a component may ask of a page."""

# Every key of the session's state that is neither a widget's nor a component's.
KEYS = {
    "scene": "what is on screen: experiment, uploads, what is dragged",
    "moment": "what was set at the last release of a control",
    "past": "the moments before the last changes, the newest last, to go back to",
    "sentences": "about the last change",
    "live_key": "by which the live route finds the session's holdings",
    "answering": "sequence number of the change that this run answers",
    "page": "title of the page that is shown",
    "door": "which way in the start page is asked to open, once",
    "lesson": "how far the visitor is in a lesson; None outside of one",
    "lesson_asked": "the lesson that a card asks for, once",
    "lesson_opened": "the step of a lesson that the address names, once, and whether it holds an experiment too",
    "lesson_report": "what the strip of a lesson reports, once",
    "lesson_held": "the experiment of a step whose page was left",
    "turn_page": "title of the page that a step of a lesson stands on, once",
    "pages": "by title, to switch to",
    "room_token": "of that room, in the address",
    "room": "where the answers of a class are collected, if they are",
    "desk": "whether the teacher's desk is asked for, once",
    "desk_word": "the code word that the desk proposes",
    "desk_room": "the name of the room that the desk proposes",
    "desk_made": "the link that the desk made last",
    "student": "the name that a student of an exercise has chosen, once",
    "code_word": "what was typed to open the truth of an exercise, once",
    "code_word_problem": "what is wrong with it",
    "n_files": "that were uploaded: the uploader of each has a key of its own",
    "beating": "whether the Landscape page looks again and again at what is computed in the background",
    "wish": "what the Landscape page is asked to do, once",
    "sample": "which test sample the Inverse map page is asked to open, once",
    "fence": "whether the Train page is asked to drag the truth across the narrow map’s fence, once",
    "train_start": "whether the Train page is asked to start a training, once",
    "train_stop": "the training that the Train page is asked to stop, once",
    "train_pause": "the training that the Train page is asked to pause, once",
    "train_continue": "the training that the Train page is asked to go on with, once",
    "train_watched": "the training that the Train page is asked to show, once",
    "train_refused": "why the last training was not started, until the form changes",
    "watched_run": "the training that the Train page shows",
    "seen_active": "the training that was last seen at work",
    "file": "name and content of the upload on screen, to read it in another way",
    "asked": "a file of which it is asked how it is read",
    "fit_typed": "what stands in the form of the fit, which outlasts a visit to another page",
    "fit_source": "the recording for which the form has chosen a box",
}
# Of a page, once; "door": which way in from the start page.
ASKED = (
    "wish", "sample", "door", "lesson_asked", "fence", "train_start", "train_stop", "train_pause",
    "train_continue", "train_watched", "desk", "code_word", "student",
)  # fmt: skip
OF_STRIP = (  # what its buttons ask for
    "lesson_leave", "lesson_next", "lesson_step", "lesson_again", "lesson_reveal", "lesson_answer",
)  # fmt: skip
OF_WHOLE_PAGE = ("lesson_report", "desk", "code_word")  # asked of more than the part whose control reported it
