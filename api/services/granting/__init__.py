"""What is granted to single students or sections: extensions, excuses, late days."""
