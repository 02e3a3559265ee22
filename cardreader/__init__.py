"""The enrolment desk: cards on a PC/SC reader."""
