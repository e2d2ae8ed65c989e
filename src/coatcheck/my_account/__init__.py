"""The account room: what a signed-in person sees and changes of their own."""
